//! One TCP connection: frames what comes in, writes what is to go out, and ends itself when the peer dawdles.

use std::time::Duration;

use bytes::Bytes;
use confab_sip::{ConnectionId, Flow, Frame, Input, StreamReader};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Arrival, Inbox};

/// Messages that may wait to be written.
const WRITE_QUEUE: usize = 64;
/// How long a peer may take to complete a message it began.
const MESSAGE_TIME: Duration = Duration::from_secs(10);
/// How long a stranger may say nothing.
const STRANGER_IDLE: Duration = Duration::from_secs(120);
/// How long a peer may say nothing that we have accepted something from or have sent a request to.
const KNOWN_IDLE: Duration = Duration::from_secs(2 * 3600);
/// How long a connection may take to be made, and a message to be written.
const PEER_TIME: Duration = Duration::from_secs(5);
const READ_CHUNK: usize = 4096;
/// The answer to a keep-alive (RFC 5626 §3.5.1).
const PONG: &[u8] = b"\r\n";

/// The control task's end of a connection.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(super) flow: Flow,
    id: ConnectionId,
    outbox: mpsc::Sender<Bytes>,
}

impl Handle {
    pub(super) fn id(&self) -> ConnectionId {
        self.id
    }

    pub(super) fn send(&self, bytes: Bytes) -> bool {
        self.outbox.try_send(bytes).is_ok()
    }
}

/// The task's end of a connection.
pub(super) struct Connection {
    flow: Flow,
    outbox: mpsc::Receiver<Bytes>,
    inbox: Inbox,
    reader: StreamReader,
    known: bool,
}

/// Both ends of connection `id` on the way of `flow`; its stream comes later.
pub(super) fn new(id: ConnectionId, flow: Flow, inbox: Inbox) -> (Handle, Connection) {
    let (sender, outbox) = mpsc::channel(WRITE_QUEUE);
    let flow = Flow { connection: Some(id), ..flow };
    let handle = Handle { flow, id, outbox: sender };
    (handle, Connection { flow, outbox, inbox, reader: StreamReader::default(), known: false })
}

impl Connection {
    /// Opens the connection, then runs it.
    pub(super) async fn connect(self) {
        match timeout(PEER_TIME, TcpStream::connect(self.flow.remote)).await {
            Ok(Ok(stream)) => self.run(stream).await,
            _ => self.end().await,
        }
    }

    /// Runs until either side ends it, a message is broken, or the peer is too slow.
    pub(super) async fn run(mut self, mut stream: TcpStream) {
        let mut chunk = [0; READ_CHUNK];
        let mut deadline = Instant::now() + STRANGER_IDLE;
        loop {
            let alive = tokio::select! {
                read = timeout_at(deadline, stream.read(&mut chunk)) => match read {
                    Ok(Ok(length)) if length > 0 => {
                        let was_inside = self.reader.pending() > 0;
                        let alive = self.received(&mut stream, &chunk[..length]).await;
                        deadline = self.next_deadline(was_inside, deadline);
                        alive
                    }
                    _ => false,
                },
                Some(bytes) = self.outbox.recv() => {
                    self.known |= !is_refusal(&bytes);
                    if self.known && self.reader.pending() == 0 {
                        deadline = Instant::now() + KNOWN_IDLE;
                    }
                    write(&mut stream, &bytes).await
                }
                else => false,
            };
            if !alive {
                break;
            }
        }
        self.end().await;
    }

    /// A message that was begun has to be complete within its time; only then may the peer be idle again.
    fn next_deadline(&self, was_inside: bool, deadline: Instant) -> Instant {
        match (self.reader.pending() > 0, was_inside) {
            (true, true) => deadline,
            (true, false) => Instant::now() + MESSAGE_TIME,
            (false, _) => Instant::now() + if self.known { KNOWN_IDLE } else { STRANGER_IDLE },
        }
    }

    async fn received(&mut self, stream: &mut TcpStream, bytes: &[u8]) -> bool {
        self.reader.push(bytes);
        loop {
            match self.reader.next() {
                Ok(Some(Frame::Message(bytes))) => {
                    self.inbox.offer(Arrival::Sip(Input::Packet { flow: self.flow, bytes }));
                }
                Ok(Some(Frame::Ping)) => {
                    if !write(stream, PONG).await {
                        return false;
                    }
                }
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    async fn end(self) {
        self.inbox.deliver(Arrival::Closed(self.flow)).await;
        self.inbox.deliver(Arrival::Sip(Input::FlowFailed { flow: self.flow })).await;
    }
}

fn is_refusal(message: &[u8]) -> bool {
    message.starts_with(b"SIP/2.0") && !message.starts_with(b"SIP/2.0 2")
}

async fn write(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    matches!(timeout(PEER_TIME, stream.write_all(bytes)).await, Ok(Ok(())))
}
