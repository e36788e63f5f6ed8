//! The datagrams of one room's tick, sent all at once.

use std::net::SocketAddr;
use std::ops::Range;

/// Octets of the longest RTCP compound packet: SR with one block, SDES with a CNAME of 255, XR with VoIP metrics, BYE.
pub(crate) const LONGEST_REPORT: usize = 384;

/// What a leg sends at most in one tick.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Most {
    pub(crate) datagrams: usize,
    pub(crate) octets: usize,
}

impl Most {
    /// The more of each.
    pub(crate) fn max(self, other: Self) -> Self {
        Self { datagrams: self.datagrams.max(other.datagrams), octets: self.octets.max(other.octets) }
    }
}

/// Which of a leg's two ports a datagram came to, or leaves from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Channel {
    /// The even port, for RTP; with `rtcp-mux` for RTCP too.
    Rtp,
    /// The odd port after it, for RTCP.
    Rtcp,
}

/// One datagram to send.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Index of the leg in its room, see [`Room::index_of`](crate::Room::index_of).
    pub leg: usize,
    /// Where it leaves from.
    pub channel: Channel,
    /// Where it goes.
    pub to: SocketAddr,
    /// What is in it.
    pub octets: &'a [u8],
}

#[derive(Clone, Debug)]
struct Place {
    leg: usize,
    channel: Channel,
    to: SocketAddr,
    octets: Range<usize>,
}

/// Collects the datagrams of a tick. Grows only in [`Room::reserve`](crate::Room::reserve).
#[derive(Default, Debug)]
pub struct Outbox {
    datagrams: Vec<Place>,
    octets: Vec<u8>,
}

impl Outbox {
    /// Makes place for the datagrams of so many legs that send so much at most; not for the audio path.
    pub(crate) fn reserve(&mut self, legs: usize, most: Most) {
        self.datagrams.reserve(legs * most.datagrams);
        self.octets.reserve(legs * most.octets);
    }

    /// Adds a datagram made of `head` and `body`.
    pub(crate) fn push(&mut self, leg: usize, channel: Channel, to: SocketAddr, head: &[u8], body: &[u8]) {
        let start = self.octets.len();
        self.octets.extend_from_slice(head);
        self.octets.extend_from_slice(body);
        self.datagrams.push(Place { leg, channel, to, octets: start..self.octets.len() });
    }

    /// How many datagrams there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.datagrams.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    /// The datagrams, in the order in which they are to be sent.
    pub fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.part(0..self.len())
    }

    /// Some of them.
    pub fn part(&self, which: Range<usize>) -> impl Iterator<Item = Datagram<'_>> {
        self.datagrams.get(which).unwrap_or_default().iter().map(|place| Datagram {
            leg: place.leg,
            channel: place.channel,
            to: place.to,
            octets: &self.octets[place.octets.clone()],
        })
    }

    /// Takes back all but the first.
    pub fn truncate(&mut self, len: usize) {
        self.datagrams.truncate(len);
        self.octets.truncate(self.datagrams.last().map_or(0, |last| last.octets.end));
    }

    /// Empties it, once all is sent or nothing is to be.
    pub fn clear(&mut self) {
        self.datagrams.clear();
        self.octets.clear();
    }
}
