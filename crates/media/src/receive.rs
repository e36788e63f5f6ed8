//! Reads datagrams with the time at which the kernel took them in, so that jitter is measured though sockets are read only
//! once per tick.

use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant, SystemTime};

use nix::cmsg_space;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

/// The longest datagram that is looked at, octets.
const LONGEST_DATAGRAM: usize = 2048;

/// A datagram that seems to have waited for longer has not: the wall clock was set.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// One datagram that came.
pub(crate) struct Arrived<'a> {
    pub(crate) source: SocketAddr,
    pub(crate) at: Instant,
    pub(crate) octets: &'a [u8],
}

/// Place for one datagram and what the kernel says of it.
pub(crate) struct Receiver {
    octets: Box<[u8]>,
    control: Vec<u8>,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        Self { octets: vec![0; LONGEST_DATAGRAM].into(), control: cmsg_space!(TimeSpec) }
    }

    /// The next datagram of a socket that does not block. `now` is the present as the caller counts it, `wall` the same by
    /// the wall clock.
    pub(crate) fn receive(
        &mut self,
        socket: &UdpSocket,
        now: Instant,
        wall: SystemTime,
    ) -> Option<Arrived<'_>> {
        let (len, source, waited) = {
            let mut place = [IoSliceMut::new(&mut self.octets)];
            let control = Some(&mut self.control[..]);
            let flags = MsgFlags::MSG_DONTWAIT;
            let received = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut place, control, flags).ok()?;
            let stamp = received.cmsgs().ok().and_then(|mut all| all.find_map(stamp)).unwrap_or(wall);
            (received.bytes, address(received.address?)?, wall.duration_since(stamp).unwrap_or_default())
        };
        let waited = if waited < LONGEST_WAIT { waited } else { Duration::ZERO };
        Some(Arrived { source, at: now.checked_sub(waited).unwrap_or(now), octets: &self.octets[..len] })
    }
}

/// Asks the kernel for the arrival time of each datagram. Where it refuses, all seem to arrive when they are read.
pub(crate) fn stamp_arrivals(socket: &UdpSocket) {
    let _refused = setsockopt(socket, sockopt::ReceiveTimestampns, &true);
}

fn stamp(message: ControlMessageOwned) -> Option<SystemTime> {
    let ControlMessageOwned::ScmTimestampns(time) = message else { return None };
    let time = Duration::new(time.tv_sec().try_into().ok()?, time.tv_nsec().try_into().ok()?);
    SystemTime::UNIX_EPOCH.checked_add(time)
}

fn address(storage: SockaddrStorage) -> Option<SocketAddr> {
    match (storage.as_sockaddr_in(), storage.as_sockaddr_in6()) {
        (Some(v4), _) => Some(SocketAddr::new(v4.ip().into(), v4.port())),
        (_, Some(v6)) => Some(SocketAddr::new(v6.ip().into(), v6.port())),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_arrival_is_told_not_that_of_reading() {
        for local in ["127.0.0.1:0", "[::1]:0"] {
            let socket = UdpSocket::bind(local).unwrap();
            stamp_arrivals(&socket);
            let own = socket.local_addr().unwrap();
            socket.send_to(&[1, 2, 3], own).unwrap();
            let (mut receiver, now) = (Receiver::new(), Instant::now());
            let later = SystemTime::now() + Duration::from_millis(500);
            let arrived = receiver.receive(&socket, now, later).unwrap();
            assert_eq!((arrived.source, arrived.octets), (own, &[1, 2, 3][..]));
            let waited = now - arrived.at;
            assert!((490..900).contains(&waited.as_millis()), "{waited:?}");
            assert!(receiver.receive(&socket, now, later).is_none());
        }
    }
}
