//! One TCP connection: frames what comes in, writes what is to go out, and ends itself when the peer dawdles.

use std::time::Duration;

use bytes::Bytes;
use confab_sip::{ConnectionId, Flow, Frame, Input, StreamError, StreamReader};
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
/// How long a connection lives on after a message that cannot be followed, so that this and those before are answered.
const ANSWER_TIME: Duration = Duration::from_millis(500);
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
    /// When something last went over it.
    active: Instant,
    /// Since when a message is incomplete.
    begun: Option<Instant>,
    /// We have accepted something from the peer, or have sent it a request.
    known: bool,
}

/// Both ends of connection `id` on the way of `flow`; its stream comes later.
pub(super) fn new(id: ConnectionId, flow: Flow, inbox: Inbox) -> (Handle, Connection) {
    let (sender, outbox) = mpsc::channel(WRITE_QUEUE);
    let flow = Flow { connection: Some(id), ..flow };
    let handle = Handle { flow, id, outbox: sender };
    let (reader, active) = (StreamReader::new(), Instant::now());
    (handle, Connection { flow, outbox, inbox, reader, active, begun: None, known: false })
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
        self.active = Instant::now();
        loop {
            let alive = tokio::select! {
                read = timeout_at(self.deadline(), stream.read(&mut chunk)) => match read {
                    Ok(Ok(length)) if length > 0 => self.received(&mut stream, &chunk[..length]).await,
                    _ => false,
                },
                Some(bytes) = self.outbox.recv() => {
                    self.known |= !is_refusal(&bytes);
                    self.active = Instant::now();
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
    fn deadline(&self) -> Instant {
        let idle = if self.known { KNOWN_IDLE } else { STRANGER_IDLE };
        self.begun.map_or(self.active + idle, |begun| begun + MESSAGE_TIME)
    }

    async fn received(&mut self, stream: &mut TcpStream, bytes: &[u8]) -> bool {
        self.active = Instant::now();
        self.reader.push(bytes);
        loop {
            match self.reader.next() {
                Ok(Some(Frame::Message(bytes))) => {
                    self.begun = None;
                    self.inbox.offer(Arrival::Sip(Input::Packet { flow: self.flow, bytes }));
                }
                Ok(Some(Frame::Ping)) => {
                    if !write(stream, PONG).await {
                        return false;
                    }
                }
                Ok(None) => {
                    let begun = self.begun.unwrap_or(self.active);
                    self.begun = (self.reader.pending() > 0).then_some(begun);
                    return true;
                }
                Err(error) => {
                    self.refuse(stream, error).await;
                    return false;
                }
            }
        }
    }

    /// Lets a message that cannot be followed be answered, if its head can, and those before it.
    async fn refuse(&mut self, stream: &mut TcpStream, error: StreamError) {
        let Some(head) = error.into_head() else { return };
        self.inbox.offer(Arrival::Sip(Input::Unframed { flow: self.flow, head }));
        let until = Instant::now() + ANSWER_TIME;
        while let Ok(Some(answer)) = timeout_at(until, self.outbox.recv()).await {
            if !write(stream, &answer).await {
                return;
            }
        }
    }

    async fn end(self) {
        self.inbox.deliver(Arrival::Closed(self.flow)).await;
    }
}

fn is_refusal(message: &[u8]) -> bool {
    message.starts_with(b"SIP/2.0") && !message.starts_with(b"SIP/2.0 2")
}

async fn write(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    matches!(timeout(PEER_TIME, stream.write_all(bytes)).await, Ok(Ok(())))
}
