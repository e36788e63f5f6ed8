//! The SIP sockets of a phone: one datagram socket, or a listener and the streams to its peers.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use confab_sip::{ConnectionId, Flow, Frame, Input, StreamReader, Transmit, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc;

/// The largest datagram.
const DATAGRAM: usize = 65_535;

/// The pause after a connection that could not be accepted, most often for want of a file descriptor.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// The sockets; bytes in both directions are whole SIP messages.
pub(super) enum Sockets {
    Udp { socket: UdpSocket, local: SocketAddr, buffer: Vec<u8> },
    Tcp(Streams),
}

impl Sockets {
    pub(super) async fn open(bind: SocketAddr, transport: Transport) -> io::Result<Self> {
        match transport {
            Transport::Udp => {
                let socket = UdpSocket::bind(bind).await?;
                // `try_send_to` refuses everything until the reactor has looked at the socket once.
                socket.writable().await?;
                let local = socket.local_addr()?;
                Ok(Self::Udp { socket, local, buffer: vec![0; DATAGRAM] })
            }
            Transport::Tcp => Ok(Self::Tcp(Streams::open(bind).await?)),
        }
    }

    pub(super) fn local(&self) -> SocketAddr {
        match self {
            Self::Udp { local, .. } => *local,
            Self::Tcp(streams) => streams.local,
        }
    }

    /// The next message or failure. May be dropped and called again without loss.
    pub(super) async fn next(&mut self) -> Input {
        match self {
            Self::Udp { socket, local, buffer } => loop {
                // An ICMP error of an earlier datagram shows here; it is the endpoint's timers that judge silence.
                let Ok((length, remote)) = socket.recv_from(buffer).await else { continue };
                let flow = Flow { transport: Transport::Udp, local: *local, remote, connection: None };
                break Input::Packet { flow, bytes: Bytes::copy_from_slice(&buffer[..length]) };
            },
            Self::Tcp(streams) => streams.next().await,
        }
    }

    pub(super) fn send(&mut self, transmit: Transmit) {
        match self {
            Self::Udp { .. } => self.send_raw(&transmit.bytes, transmit.flow.remote),
            Self::Tcp(streams) => streams.send(transmit),
        }
    }

    /// Sends a datagram; a full socket loses it, as the network may.
    pub(super) fn send_raw(&self, bytes: &[u8], to: SocketAddr) {
        if let Self::Udp { socket, .. } = self {
            let _ = socket.try_send_to(bytes, to);
        }
    }
}

/// The streams of a phone that speaks TCP.
pub(super) struct Streams {
    listener: TcpListener,
    local: SocketAddr,
    open: HashMap<ConnectionId, (SocketAddr, mpsc::UnboundedSender<Bytes>)>,
    opened: u64,
    inbox: mpsc::UnboundedReceiver<Input>,
    mail: mpsc::UnboundedSender<Input>,
}

impl Streams {
    async fn open(bind: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(bind).await?;
        let local = listener.local_addr()?;
        let (mail, inbox) = mpsc::unbounded_channel();
        Ok(Self { listener, local, open: HashMap::new(), opened: 0, inbox, mail })
    }

    async fn next(&mut self) -> Input {
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    match accepted {
                        Ok((stream, remote)) => drop(self.start(remote, async { Ok(stream) })),
                        Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
                    }
                }
                Some(input) = self.inbox.recv() => {
                    self.forget_failed(&input);
                    return input;
                }
            }
        }
    }

    fn send(&mut self, transmit: Transmit) {
        let remote = transmit.flow.remote;
        let known = match transmit.flow.connection {
            Some(id) => self.open.contains_key(&id).then_some(id),
            None => self.open.iter().find(|(_, (peer, _))| *peer == remote).map(|(id, _)| *id),
        };
        let id = known.unwrap_or_else(|| self.start(remote, TcpStream::connect(remote)));
        if let Some((_, outbox)) = self.open.get(&id) {
            let _ = outbox.send(transmit.bytes);
        }
    }

    fn start(
        &mut self,
        remote: SocketAddr,
        stream: impl Future<Output = io::Result<TcpStream>> + Send + 'static,
    ) -> ConnectionId {
        self.opened += 1;
        let id = ConnectionId(self.opened);
        let (outbox, queue) = mpsc::unbounded_channel();
        self.open.insert(id, (remote, outbox));
        let flow = Flow { transport: Transport::Tcp, local: self.local, remote, connection: Some(id) };
        let mail = self.mail.clone();
        tokio::spawn(async move {
            let _ = converse(stream, flow, queue, &mail).await;
            let _ = mail.send(Input::FlowFailed { flow });
        });
        id
    }

    fn forget_failed(&mut self, input: &Input) {
        if let Input::FlowFailed { flow: Flow { connection: Some(id), .. } } = input {
            self.open.remove(id);
        }
    }
}

/// Carries messages both ways until the stream breaks or the phone ends.
async fn converse(
    stream: impl Future<Output = io::Result<TcpStream>>,
    flow: Flow,
    mut queue: mpsc::UnboundedReceiver<Bytes>,
    mail: &mpsc::UnboundedSender<Input>,
) -> io::Result<()> {
    let (mut input, mut output) = stream.await?.into_split();
    let mut reader = StreamReader::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        tokio::select! {
            message = queue.recv() => match message {
                Some(message) => output.write_all(&message).await?,
                None => return Ok(()),
            },
            length = input.read(&mut buffer) => {
                let length = length?;
                if length == 0 {
                    return Ok(());
                }
                reader.push(&buffer[..length]);
            }
        }
        while let Some(frame) = reader.next().map_err(io::Error::other)? {
            match frame {
                Frame::Message(bytes) => drop(mail.send(Input::Packet { flow, bytes })),
                Frame::Ping => output.write_all(b"\r\n").await?,
            }
        }
    }
}
