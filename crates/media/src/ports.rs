//! The socket pairs of legs, from a fixed range of ports.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;

use rustix::net::connect_unspec;
use socket2::{Domain, Protocol, Socket, Type};

use crate::receive::stamp_arrivals;

use confab_audio::Channel;

/// What the kernel may hold for one socket: about a hundred packets, so that a flood cannot build up a long delay.
const RECEIVE_BUFFER_BYTES: usize = 64 * 1024;

/// The two sockets of a leg: RTP on an even port, RTCP on the next one (RFC 3550 §11). Both non-blocking.
///
/// The RTP socket can be made to *follow* one peer: it is connected then, which saves the kernel the way to that peer with
/// each packet, and it refuses what others send before we see it.
#[derive(Debug)]
pub(crate) struct SocketPair {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    port: u16,
    is_v6: bool,
    /// Bound to any address of ours, it would get one address by being connected, and hear nothing on the others.
    may_follow: bool,
    followed: Option<SocketAddr>,
}

impl SocketPair {
    fn bind(address: IpAddr, port: u16) -> io::Result<Self> {
        let rtp = bind(SocketAddr::new(address, port))?;
        let rtcp = bind(SocketAddr::new(address, port + 1))?;
        let (is_v6, may_follow) = (address.is_ipv6(), !address.is_unspecified());
        Ok(Self { rtp, rtcp, port, is_v6, may_follow, followed: None })
    }

    /// The socket for RTP or the one for RTCP.
    pub(crate) fn channel(&self, channel: Channel) -> &UdpSocket {
        match channel {
            Channel::Rtp => &self.rtp,
            Channel::Rtcp => &self.rtcp,
        }
    }

    /// Follows this peer from now on, or none.
    pub(crate) fn follow(&mut self, peer: Option<SocketAddr>) {
        if peer == self.followed || !self.may_follow {
            return;
        }
        let followed = match peer {
            Some(peer) => self.rtp.connect(reachable(peer, self.is_v6)).is_ok(),
            None => connect_unspec(&self.rtp).is_err(),
        };
        self.followed = peer.filter(|_| followed);
    }

    /// Sends a datagram now.
    pub(crate) fn send(&self, channel: Channel, to: SocketAddr, octets: &[u8]) -> io::Result<usize> {
        if channel == Channel::Rtp && self.followed == Some(to) {
            return match self.rtp.send(octets) {
                // The news that an earlier packet was refused; this one was not sent.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => self.rtp.send(octets),
                sent => sent,
            };
        }
        self.channel(channel).send_to(octets, reachable(to, self.is_v6))
    }

    /// The RTP port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// Hands out port pairs in rotation, so that a port rests for as long as possible before its next call.
#[derive(Debug)]
pub(crate) struct PortPool {
    address: IpAddr,
    first: u16,
    pairs: u16,
    next: u16,
    taken: HashSet<u16>,
}

impl PortPool {
    /// A pool over the even ports of `ports` whose odd neighbours are in the range as well.
    pub(crate) fn new(address: IpAddr, ports: RangeInclusive<u16>) -> Self {
        let first = u32::from(*ports.start()).next_multiple_of(2);
        let end = u32::from(*ports.end()) + 1;
        let pairs = end.saturating_sub(first) / 2;
        Self { address, first: first as u16, pairs: pairs as u16, next: 0, taken: HashSet::new() }
    }

    /// Binds the next pair that is neither ours already nor another program's.
    pub(crate) fn take(&mut self) -> Option<SocketPair> {
        for _ in self.taken.len()..usize::from(self.pairs) {
            let port = self.next_free()?;
            if let Ok(sockets) = SocketPair::bind(self.address, port) {
                self.taken.insert(port);
                return Some(sockets);
            }
        }
        None
    }

    /// The pair with this RTP port may be handed out again; its sockets may still be about to be closed.
    pub(crate) fn free(&mut self, port: u16) {
        self.taken.remove(&port);
    }

    /// The next port in rotation that is not taken.
    fn next_free(&mut self) -> Option<u16> {
        for _ in 0..self.pairs {
            let port = self.first + 2 * self.next;
            self.next = (self.next + 1) % self.pairs;
            if !self.taken.contains(&port) {
                return Some(port);
            }
        }
        None
    }
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    socket.bind(&address.into())?;
    let socket = socket.into();
    stamp_arrivals(&socket);
    Ok(socket)
}

/// The address as the peer knows it: IPv4 that arrives on an IPv6 socket is IPv4 again.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The address as a socket of `local`'s family must be given it.
pub(crate) fn reachable(remote: SocketAddr, local_is_v6: bool) -> SocketAddr {
    match remote.ip() {
        IpAddr::V4(ip) if local_is_v6 => SocketAddr::new(ip.to_ipv6_mapped().into(), remote.port()),
        _ => remote,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    /// A loopback address that no other test uses, in this process or in another.
    fn loopback(test: u8) -> IpAddr {
        let [_, _, high, low] = std::process::id().to_be_bytes();
        Ipv4Addr::new(127, 64 + high % 64, low, test).into()
    }

    #[test]
    fn even_ports_in_rotation_until_exhausted() {
        let mut pool = PortPool::new(loopback(1), 20000..=20005);
        let first = pool.take().unwrap();
        let second = pool.take().unwrap();
        assert_eq!(first.port(), 20000);
        assert_eq!(second.port(), 20002);
        assert_eq!(first.rtcp.local_addr().unwrap().port(), 20001);

        pool.free(first.port());
        drop(first);
        let third = pool.take().unwrap();
        assert_eq!(third.port(), 20004, "a freed port rests");
        assert_eq!(pool.take().unwrap().port(), 20000);
    }

    #[test]
    fn exhausted_then_free_again() {
        let mut pool = PortPool::new(loopback(2), 20000..=20003);
        let held = [pool.take().unwrap(), pool.take().unwrap()];
        assert!(pool.take().is_none());
        let [first, second] = held;
        pool.free(second.port());
        drop(second);
        assert_ne!(pool.take().unwrap().port(), first.port());
    }

    #[test]
    fn ports_of_other_programs_are_skipped() {
        let _other = UdpSocket::bind((loopback(3), 20001)).unwrap();
        let mut pool = PortPool::new(loopback(3), 20000..=20003);
        assert_eq!(pool.take().unwrap().port(), 20002);
        assert!(pool.take().is_none());
    }

    #[test]
    fn a_range_too_small_for_a_pair_is_empty() {
        for range in [10001..=10002, 10000..=10000, 65535..=65535] {
            assert!(PortPool::new(loopback(4), range).take().is_none());
        }
    }

    #[test]
    fn a_socket_that_follows_one_peer_hears_no_other() {
        let address = loopback(5);
        let mut sockets = PortPool::new(address, 20000..=20001).take().unwrap();
        let [peer, other] = [1, 2].map(|_| UdpSocket::bind((address, 0)).unwrap());
        let heard = |sockets: &SocketPair| {
            [&peer, &other].map(|phone| {
                // Refused where only the peer is heard.
                let _ = phone.send_to(b"x", (address, 20000));
                sockets.rtp.recv_from(&mut [0; 8]).is_ok()
            })
        };
        assert_eq!(heard(&sockets), [true, true]);
        let to = peer.local_addr().unwrap();
        sockets.follow(Some(to));
        assert_eq!(heard(&sockets), [true, false]);
        sockets.send(Channel::Rtp, to, b"back").unwrap();
        assert_eq!(peer.recv(&mut [0; 8]).unwrap(), 4);
        sockets.send(Channel::Rtp, other.local_addr().unwrap(), b"elsewhere").unwrap();
        assert_eq!(other.recv(&mut [0; 16]).unwrap(), 9);
        sockets.follow(None);
        assert_eq!(heard(&sockets), [true, true]);
    }

    /// An ICMP error tells of a packet before: the one that is sent or read now is not to be lost with it.
    #[test]
    fn a_peer_that_comes_back_misses_nothing() {
        let address = loopback(6);
        let mut sockets = PortPool::new(address, 20000..=20001).take().unwrap();
        let to = UdpSocket::bind((address, 0)).unwrap().local_addr().unwrap();
        sockets.follow(Some(to));
        sockets.send(Channel::Rtp, to, b"nobody is there").unwrap();
        let back = UdpSocket::bind(to).unwrap();
        sockets.send(Channel::Rtp, to, b"again").unwrap();
        assert_eq!(back.recv(&mut [0; 16]).unwrap(), 5);
    }

    #[test]
    fn addresses_cross_families() {
        let v4: SocketAddr = "192.0.2.1:4000".parse().unwrap();
        let mapped = reachable(v4, true);
        assert_eq!(mapped, "[::ffff:192.0.2.1]:4000".parse().unwrap());
        assert_eq!(canonical(mapped), v4);
        assert_eq!(reachable(v4, false), v4);
    }
}
