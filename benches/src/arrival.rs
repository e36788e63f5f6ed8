//! Datagrams with the time at which the system took them in: what the server does late is told apart from what we read
//! late.

use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant, SystemTime};

use nix::cmsg_space;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};
use nix::sys::time::TimeSpec;

/// A datagram that seems to have waited for longer has not: the wall clock was set.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A datagram that came.
pub(crate) struct Arrived<'a> {
    pub(crate) source: SocketAddr,
    pub(crate) at: Instant,
    pub(crate) datagram: &'a [u8],
}

/// Place for one datagram, and the time by both clocks.
#[derive(Debug)]
pub(crate) struct Receiver {
    octets: Box<[u8]>,
    control: Vec<u8>,
    now: Instant,
    wall: SystemTime,
}

impl Default for Receiver {
    fn default() -> Self {
        let (octets, control) = (vec![0; 2048].into(), cmsg_space!(TimeSpec));
        Self { octets, control, now: Instant::now(), wall: SystemTime::now() }
    }
}

impl Receiver {
    /// Sets the time by which arrivals are counted back from now on.
    pub(crate) fn look(&mut self) {
        (self.now, self.wall) = (Instant::now(), SystemTime::now());
    }

    /// The next datagram of a socket, if one has come.
    pub(crate) fn next(&mut self, socket: &UdpSocket) -> Option<Arrived<'_>> {
        let mut place = [IoSliceMut::new(&mut self.octets)];
        let control = Some(&mut self.control[..]);
        let flags = MsgFlags::MSG_DONTWAIT;
        let received = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut place, control, flags).ok()?;
        let stamp = received.cmsgs().ok().and_then(|mut all| all.find_map(stamp)).unwrap_or(self.wall);
        let (length, source) = (received.bytes, address(received.address?)?);
        let at = by_the_steady_clock(stamp, self.now, self.wall);
        Some(Arrived { source, at, datagram: &self.octets[..length] })
    }
}

/// What came after the last look has a stamp that lies ahead of it.
fn by_the_steady_clock(stamp: SystemTime, now: Instant, wall: SystemTime) -> Instant {
    let moved = match wall.duration_since(stamp) {
        Ok(before) if before < LONGEST_WAIT => now.checked_sub(before),
        Err(after) if after.duration() < LONGEST_WAIT => now.checked_add(after.duration()),
        _ => None,
    };
    moved.unwrap_or(now)
}

fn stamp(message: ControlMessageOwned) -> Option<SystemTime> {
    let ControlMessageOwned::ScmTimestampns(time) = message else { return None };
    let time = Duration::new(time.tv_sec().try_into().ok()?, time.tv_nsec().try_into().ok()?);
    SystemTime::UNIX_EPOCH.checked_add(time)
}

fn address(storage: SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|v4| SocketAddr::new(v4.ip().into(), v4.port()));
    v4.or_else(|| storage.as_sockaddr_in6().map(|v6| SocketAddr::new(v6.ip().into(), v6.port())))
}

#[cfg(test)]
mod tests {
    use nix::sys::socket::{setsockopt, sockopt};

    use super::*;

    #[test]
    fn what_is_read_late_has_come_in_time() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true).unwrap();
        let own = socket.local_addr().unwrap();
        socket.send_to(&[7; 172], own).unwrap();
        let mut receiver = Receiver::default();
        receiver.wall += Duration::from_millis(400);
        let read = receiver.now;
        let arrived = receiver.next(&socket).unwrap();
        let waited = read.saturating_duration_since(arrived.at).as_millis();
        assert_eq!((arrived.source, arrived.datagram), (own, &[7; 172][..]));
        assert!((350..=400).contains(&waited), "{waited} ms");
        assert!(receiver.next(&socket).is_none());
    }

    #[test]
    fn a_clock_that_was_set_moves_no_arrival() {
        let (now, wall) = (Instant::now(), SystemTime::now());
        let ms = Duration::from_millis;
        assert_eq!(by_the_steady_clock(wall - ms(3), now, wall), now - ms(3));
        assert_eq!(by_the_steady_clock(wall + ms(3), now, wall), now + ms(3));
        assert_eq!(by_the_steady_clock(wall + ms(90_000), now, wall), now);
    }
}
