//! One UDP listening address.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use confab_sip::{Flow, Input, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use super::{Arrival, Inbox};

/// Room for a burst of messages, bytes; the kernel may give less.
const RECEIVE_BUFFER: usize = 4 << 20;
/// The largest UDP payload.
const MAX_DATAGRAM: usize = 65_535;

/// A bound socket and the task that reads it.
#[derive(Debug)]
pub(super) struct UdpListener {
    socket: Arc<UdpSocket>,
    local: SocketAddr,
    reader: JoinHandle<()>,
}

impl UdpListener {
    pub(super) async fn bind(address: SocketAddr, inbox: Inbox) -> io::Result<Self> {
        let socket = Arc::new(open(address)?);
        // `try_send_to` refuses everything until the reactor has looked at the socket once.
        socket.writable().await?;
        let local = socket.local_addr()?;
        let reader = tokio::spawn(read(Arc::clone(&socket), local, inbox));
        Ok(Self { socket, local, reader })
    }

    pub(super) fn local(&self) -> SocketAddr {
        self.local
    }

    pub(super) fn send(&self, bytes: &[u8], remote: SocketAddr) -> bool {
        self.socket.try_send_to(bytes, remote).is_ok()
    }
}

impl Drop for UdpListener {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        // An IPv4 listener may stand beside it on the same port.
        socket.set_only_v6(true)?;
    }
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

async fn read(socket: Arc<UdpSocket>, local: SocketAddr, inbox: Inbox) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        // An error here is an ICMP message about something we sent; the socket itself stays good.
        let Ok((length, remote)) = socket.recv_from(&mut buffer).await else { continue };
        let flow = Flow { transport: Transport::Udp, local, remote, connection: None };
        let bytes = Bytes::copy_from_slice(&buffer[..length]);
        inbox.offer(Arrival::Sip(Input::Packet { flow, bytes }));
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::sync::mpsc;

    use super::super::Losses;
    use super::*;

    #[tokio::test]
    async fn the_first_datagram_is_sent_at_once() {
        let (queue, mut arrivals) = mpsc::channel(10);
        let inbox = Inbox { queue, losses: Arc::new(Losses::default()) };
        for _ in 0..20 {
            let address = (Ipv4Addr::LOCALHOST, 0).into();
            let one = UdpListener::bind(address, inbox.clone()).await.unwrap();
            let two = UdpListener::bind(address, inbox.clone()).await.unwrap();
            assert!(two.send(b"first", one.local()));
            let Some(Arrival::Sip(Input::Packet { flow, bytes })) = arrivals.recv().await else {
                panic!("a packet")
            };
            assert_eq!((flow.local, flow.remote, &bytes[..]), (one.local(), two.local(), &b"first"[..]));
        }
    }
}
