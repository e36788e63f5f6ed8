//! The callers' UDP sockets. Many callers share one: the server tells them apart by its own ports, and so do we.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Instant;

use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Socket, Type};

use crate::arrival::Receiver;

/// Callers that share a socket: few enough that what they get in one burst fits its buffer, and as many as that allows,
/// since each look at an empty socket costs half of what a packet does.
const CALLERS_PER_SOCKET: usize = 256;

/// The socket buffers that are asked for, octets; the system may give less.
const BUFFER: usize = 4 << 20;

/// Our ports: below those that servers use for audio, and that the system hands out.
const PORTS: std::ops::Range<u16> = 2048..10_000;

/// Sockets for RTP, each with one for RTCP on the next port.
#[derive(Debug)]
pub(crate) struct Sockets {
    pairs: Vec<(UdpSocket, UdpSocket)>,
    next: usize,
    receiver: Receiver,
}

impl Sockets {
    /// As many as so many callers need, bound to `ip`.
    ///
    /// # Errors
    /// When the system has no more sockets.
    pub(crate) fn open(ip: IpAddr, callers: usize) -> io::Result<Self> {
        let wanted = callers.div_ceil(CALLERS_PER_SOCKET).max(1);
        let free = PORTS.step_by(2).filter_map(|port| pair(ip, port).ok());
        let pairs: Vec<_> = free.take(wanted).collect();
        if pairs.len() < wanted {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        for (rtp, _) in &pairs {
            // Where it is refused, a packet seems to come when we look.
            let _ = setsockopt(rtp, sockopt::ReceiveTimestampns, &true);
        }
        Ok(Self { pairs, next: 0, receiver: Receiver::default() })
    }

    /// The address at which a caller is reached.
    ///
    /// # Errors
    /// When the system does not know.
    pub(crate) fn local(&self, caller: usize) -> io::Result<SocketAddr> {
        self.of(caller).local_addr()
    }

    /// Sends a caller's datagram.
    pub(crate) fn send(&self, caller: usize, datagram: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.of(caller).send_to(datagram, to)
    }

    /// Hands out what has come with the time of its arrival, at most `budget` datagrams; whether all of it was.
    pub(crate) fn receive(
        &mut self,
        budget: usize,
        mut take: impl FnMut(SocketAddr, Instant, &[u8]),
    ) -> bool {
        let mut left = budget;
        self.receiver.look();
        for _ in 0..self.pairs.len() {
            let (rtp, _) = &self.pairs[self.next];
            while let Some(arrived) = self.receiver.next(rtp) {
                take(arrived.source, arrived.at, arrived.datagram);
                left -= 1;
                if left == 0 {
                    return false;
                }
            }
            self.next = (self.next + 1) % self.pairs.len();
        }
        true
    }

    /// Throws away the reports that have come; how many.
    pub(crate) fn discard_reports(&self) -> usize {
        let mut buffer = [0; 2048];
        let count = |socket: &UdpSocket| {
            let mut count = 0;
            while socket.recv_from(&mut buffer).is_ok() {
                count += 1;
            }
            count
        };
        self.pairs.iter().map(|(_, rtcp)| rtcp).map(count).sum()
    }

    fn of(&self, caller: usize) -> &UdpSocket {
        &self.pairs[caller / CALLERS_PER_SOCKET % self.pairs.len()].0
    }
}

/// A socket on an even port and one on the port behind it (RFC 3550 §11).
fn pair(ip: IpAddr, port: u16) -> io::Result<(UdpSocket, UdpSocket)> {
    Ok((bound(SocketAddr::new(ip, port))?, bound(SocketAddr::new(ip, port + 1))?))
}

/// A socket that never blocks, with large buffers.
pub(crate) fn bound(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(BUFFER)?;
    socket.set_send_buffer_size(BUFFER)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}
