//! The datagrams of one room's tick, sent all at once.

use std::net::SocketAddr;
use std::ops::Range;

use crate::leg::Leg;

/// Octets of the longest RTCP compound packet: SR with one block, SDES with a CNAME of 255, BYE.
pub(crate) const LONGEST_REPORT: usize = 384;

/// The most datagrams of one leg in one tick: 60 ms in packets of 10 ms, and a report.
const DATAGRAMS_PER_LEG: usize = 7;

/// Their octets: two times 60 ms of G.711, six RTP headers and a report.
const OCTETS_PER_LEG: usize = 960 + 6 * 12 + LONGEST_REPORT;

/// Which of a leg's sockets sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Channel {
    Rtp,
    Rtcp,
}

/// One datagram to send.
#[derive(Clone, Debug)]
pub(crate) struct Datagram {
    /// Index of the leg in its room.
    pub(crate) leg: usize,
    pub(crate) channel: Channel,
    pub(crate) to: SocketAddr,
    octets: Range<usize>,
}

/// Collects the datagrams of a tick. Grows only in [`Outbox::reserve_for`].
#[derive(Default, Debug)]
pub(crate) struct Outbox {
    datagrams: Vec<Datagram>,
    octets: Vec<u8>,
}

impl Outbox {
    /// Makes place for the datagrams of so many legs; not for the audio path.
    pub(crate) fn reserve_for(&mut self, legs: usize) {
        self.datagrams.reserve(legs * DATAGRAMS_PER_LEG);
        self.octets.reserve(legs * OCTETS_PER_LEG);
    }

    /// Adds a datagram made of `head` and `body`.
    pub(crate) fn push(&mut self, leg: usize, channel: Channel, to: SocketAddr, head: &[u8], body: &[u8]) {
        let start = self.octets.len();
        self.octets.extend_from_slice(head);
        self.octets.extend_from_slice(body);
        self.datagrams.push(Datagram { leg, channel, to, octets: start..self.octets.len() });
    }

    /// Sends all and is empty again.
    pub(crate) fn send(&mut self, legs: &mut [Box<Leg>]) {
        send(&self.datagrams, &self.octets, legs);
        self.clear();
    }

    /// Forgets what was not sent.
    pub(crate) fn clear(&mut self) {
        self.datagrams.clear();
        self.octets.clear();
    }
}

/// The one place where a tick sends; a batched system call would go here.
fn send(datagrams: &[Datagram], octets: &[u8], legs: &mut [Box<Leg>]) {
    for datagram in datagrams {
        if let Some(leg) = legs.get_mut(datagram.leg) {
            leg.transmit(datagram.channel, datagram.to, &octets[datagram.octets.clone()]);
        }
    }
}
