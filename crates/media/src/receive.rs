//! Reads datagrams with the time at which the kernel took them in, so that jitter is measured though sockets are read only
//! once per tick.

use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant, SystemTime};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, RecvMsg, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use nix::sys::time::TimeSpec;

use crate::ports::canonical;

/// Sockets that are read, and legs that are served, in one go.
pub(crate) const BATCH: usize = 64;

/// The longest datagram that is looked at, octets.
const LONGEST_DATAGRAM: usize = 2048;

/// A datagram that seems to have waited for longer has not: the wall clock was set.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// One datagram that came.
#[derive(Clone, Copy)]
pub(crate) struct Arrived<'a> {
    pub(crate) source: SocketAddr,
    pub(crate) at: Instant,
    pub(crate) octets: &'a [u8],
}

/// Place for the datagrams of some sockets, and for what the kernel says of them.
pub(crate) struct Receiver {
    octets: Box<[u8]>,
    control: Vec<u8>,
    gathered: Vec<Gathered>,
}

/// Where in the receiver a datagram lies.
struct Gathered {
    leg: usize,
    source: SocketAddr,
    at: Instant,
    octets: Range<usize>,
}

/// What reading one socket gave.
type Read = (usize, SocketAddr, Instant);

impl Receiver {
    pub(crate) fn new() -> Self {
        Self {
            octets: vec![0; (BATCH + 1) * LONGEST_DATAGRAM].into(),
            control: cmsg_space!(TimeSpec),
            gathered: Vec::with_capacity(BATCH),
        }
    }

    /// The next datagram of a socket that does not block. `now` is the present as the caller counts it, `wall` the same by
    /// the wall clock.
    pub(crate) fn receive(
        &mut self,
        socket: &UdpSocket,
        now: Instant,
        wall: SystemTime,
    ) -> Option<Arrived<'_>> {
        let start = self.free();
        let (len, source, at) = self.read(socket, start, now, wall)?;
        Some(Arrived { source, at, octets: &self.octets[start..start + len] })
    }

    /// Forgets what was gathered.
    pub(crate) fn clear(&mut self) {
        self.gathered.clear();
    }

    /// Reads one datagram of each of these sockets, at most [`BATCH`] from one [`Receiver::clear`] to the next; which of
    /// [`Receiver::gathered`] they are.
    pub(crate) fn gather<'a>(
        &mut self,
        sockets: impl Iterator<Item = (usize, &'a UdpSocket)>,
        now: Instant,
        wall: SystemTime,
    ) -> Range<usize> {
        let first = self.gathered.len();
        for (leg, socket) in sockets.take(BATCH - first) {
            let start = self.free();
            let Some((len, source, at)) = self.read(socket, start, now, wall) else { continue };
            self.gathered.push(Gathered { leg, source, at, octets: start..start + len });
        }
        first..self.gathered.len()
    }

    /// What came, and for which leg.
    pub(crate) fn gathered(&self, which: Range<usize>) -> impl Iterator<Item = (usize, Arrived<'_>)> {
        self.gathered[which].iter().map(|Gathered { leg, source, at, octets }| {
            (*leg, Arrived { source: *source, at: *at, octets: &self.octets[octets.clone()] })
        })
    }

    /// Where there is place behind what was gathered.
    fn free(&self) -> usize {
        self.gathered.last().map_or(0, |last| last.octets.end)
    }

    /// Reads a datagram to this place.
    fn read(&mut self, socket: &UdpSocket, start: usize, now: Instant, wall: SystemTime) -> Option<Read> {
        let octets = self.octets.get_mut(start..start + LONGEST_DATAGRAM)?;
        let mut place = [IoSliceMut::new(octets)];
        let received = match take(socket, &mut place, &mut self.control) {
            // A packet of ours was refused. The peer may be back: what it has sent lies behind that news.
            Err(Errno::ECONNREFUSED) => take(socket, &mut place, &mut self.control).ok()?,
            received => received.ok()?,
        };
        let stamp = received.cmsgs().ok().and_then(|mut all| all.find_map(stamp)).unwrap_or(wall);
        let waited = wall.duration_since(stamp).unwrap_or_default();
        let waited = if waited < LONGEST_WAIT { waited } else { Duration::ZERO };
        let source = canonical(address(received.address?)?);
        Some((received.bytes, source, now.checked_sub(waited).unwrap_or(now)))
    }
}

fn take<'a>(
    socket: &UdpSocket,
    place: &'a mut [IoSliceMut<'_>; 1],
    control: &'a mut [u8],
) -> nix::Result<RecvMsg<'a, 'a, SockaddrStorage>> {
    recvmsg(socket.as_raw_fd(), place, Some(control), MsgFlags::MSG_DONTWAIT)
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
