//! Whose RTP is heard, and where ours may go.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use confab_fetch::fetch;

/// Packets in sequence that a source other than the SDP address has to send before it is heard.
const PROBATION: u8 = 4;
/// How long after an answer a new source may be latched.
const WINDOW: Duration = Duration::from_secs(5);
/// How long the SDP address has the first word over another port of its host.
const GRACE: Duration = Duration::from_millis(500);
/// How long the latched source must be silent before the same SSRC may come from another port of its host.
const SILENCE: Duration = Duration::from_secs(2);
/// How long the latched SSRC must be silent before another one from the same source is believed.
const HANDOVER: Duration = Duration::from_millis(60);
/// Sources that are watched at once.
const CANDIDATES: usize = 8;
/// What a third party gets of us before anything came from it.
const UNSOLICITED_PACKETS: u8 = 50;
const UNSOLICITED_TIME: Duration = Duration::from_secs(1);
/// How long after that until another third party may get as much: re-INVITEs shall not make a stream of it.
const UNSOLICITED_REST: Duration = Duration::from_secs(60);

/// What to do with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It is from whom we listen to.
    Accept,
    /// It is from whom we listen to from now on: the first of an SSRC or source not heard before.
    Restart,
    /// It may become the one we listen to, but has not proved itself yet.
    Probation,
    /// It is a stranger's.
    Stranger,
}

/// Decides whose packets are heard and where packets may be sent.
///
/// The address of the peer's SDP counts at once, as long as nothing else is latched. Other ports of the host that the
/// peer's SIP comes from (a NAT) have to prove themselves by four packets in sequence within the first seconds after an
/// answer. Whoever is latched stays it, and all others are strangers, until a re-INVITE, or until the same SSRC comes
/// from another port of the same host after two seconds of silence.
#[derive(Debug)]
pub struct Latch {
    latched: Option<Latched>,
    answered: Instant,
    others: Box<Others>,
}

/// What is of no interest while the source that is latched goes on.
#[derive(Debug)]
struct Others {
    expected: Option<SocketAddr>,
    signalling: Option<IpAddr>,
    candidates: [Option<Candidate>; CANDIDATES],
    unsolicited: Option<Unsolicited>,
}

#[derive(Debug, Clone, Copy)]
struct Latched {
    source: SocketAddr,
    ssrc: u32,
    heard: Instant,
    /// Packets heard since the last answer, as far as they prove something.
    proof: u8,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    source: SocketAddr,
    ssrc: u32,
    next_sequence: u16,
    run: u8,
    seen: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Unsolicited {
    since: Instant,
    packets: u8,
}

impl Latch {
    /// A leg that was answered at `now`: `expected` is the address of the peer's SDP, `signalling` where its SIP comes
    /// from, once it has proved that it is there: the source of a first datagram may be forged.
    #[must_use]
    pub fn new(now: Instant, expected: Option<SocketAddr>, signalling: Option<IpAddr>) -> Self {
        Self {
            latched: None,
            answered: now,
            others: Box::new(Others {
                expected: expected.map(canonical),
                signalling: signalling.map(|host| host.to_canonical()),
                candidates: [None; CANDIDATES],
                unsolicited: None,
            }),
        }
    }

    /// Fetches what a packet of the source that is listened to touches.
    pub(crate) fn fetch(&self) {
        fetch(&self.latched);
    }

    /// A re-INVITE was answered at `now`. A new address unlatches the old one; without an address (hold) all stays.
    pub fn retarget(&mut self, now: Instant, expected: Option<SocketAddr>, signalling: Option<IpAddr>) {
        let others = &mut *self.others;
        let expected = expected.map(canonical).or(others.expected);
        let signalling = signalling.map(|host| host.to_canonical());
        if expected != others.expected || signalling != others.signalling {
            self.latched = self.latched.filter(|latched| Some(latched.source) == expected);
            let rested = |sent: &Unsolicited| now.saturating_duration_since(sent.since) >= UNSOLICITED_REST;
            others.unsolicited = others.unsolicited.filter(|sent| !rested(sent));
        }
        if let Some(latched) = &mut self.latched {
            latched.proof = 0;
        }
        (others.expected, others.signalling, self.answered) = (expected, signalling, now);
        others.candidates = [None; CANDIDATES];
    }

    /// Judge a packet of a negotiated payload type.
    pub fn judge(&mut self, now: Instant, source: SocketAddr, ssrc: u32, sequence: u16) -> Judgement {
        let source = canonical(source);
        if let Some(latched) =
            self.latched.as_mut().filter(|latched| (latched.source, latched.ssrc) == (source, ssrc))
        {
            latched.heard = now;
            latched.proof = latched.proof.saturating_add(1);
            return Judgement::Accept;
        }
        if self.latched.is_none() && Some(source) == self.others.expected {
            return self.take(now, source, ssrc, 1);
        }
        if !self.may_be_latched(now, source, ssrc) {
            return Judgement::Stranger;
        }
        if self.prove(now, source, ssrc, sequence) < PROBATION || self.must_wait(now, source) {
            return Judgement::Probation;
        }
        self.take(now, source, ssrc, PROBATION)
    }

    /// Where the packet that is about to be sent may go; call it once per packet. An address that SDP alone speaks for
    /// gets no more than 50 packets in one second.
    pub fn destination(&mut self, now: Instant) -> Option<SocketAddr> {
        if let Some(latched) = self.latched {
            return Some(latched.source);
        }
        let expected = self.others.expected?;
        if Some(expected.ip()) == self.others.signalling {
            return Some(expected);
        }
        let sent = self.others.unsolicited.get_or_insert(Unsolicited { since: now, packets: 0 });
        if sent.packets >= UNSOLICITED_PACKETS
            || now.saturating_duration_since(sent.since) >= UNSOLICITED_TIME
        {
            return None;
        }
        sent.packets += 1;
        Some(expected)
    }

    /// The source that is listened to.
    #[must_use]
    pub fn source(&self) -> Option<SocketAddr> {
        self.latched.map(|latched| latched.source)
    }

    /// The SSRC that is listened to.
    #[must_use]
    pub fn ssrc(&self) -> Option<u32> {
        self.latched.map(|latched| latched.ssrc)
    }

    /// The source that is listened to, while no other can take its place: the time in which a new one may be latched is over,
    /// and it is heard. Only its packets need come through.
    #[must_use]
    pub fn settled(&self, now: Instant) -> Option<SocketAddr> {
        let latched = self.latched.filter(|latched| latched.proof >= PROBATION)?;
        let is_heard = now.saturating_duration_since(latched.heard) < SILENCE / 2;
        let is_closed = now.saturating_duration_since(self.answered) >= WINDOW;
        (is_heard && is_closed).then_some(latched.source)
    }

    /// When the source that is listened to was last heard.
    #[must_use]
    pub fn last_heard(&self) -> Option<Instant> {
        self.latched.map(|latched| latched.heard)
    }

    /// Whether RTCP from here is the peer's: any port of the host that we listen to, or wait for.
    #[must_use]
    pub fn knows_host(&self, host: IpAddr) -> bool {
        let host = host.to_canonical();
        let known = self.source().or(self.others.expected);
        known.is_some_and(|known| known.ip() == host)
    }

    fn take(&mut self, now: Instant, source: SocketAddr, ssrc: u32, proof: u8) -> Judgement {
        self.latched = Some(Latched { source, ssrc, heard: now, proof });
        self.others.candidates = [None; CANDIDATES];
        Judgement::Restart
    }

    fn may_be_latched(&self, now: Instant, source: SocketAddr, ssrc: u32) -> bool {
        let open = now.saturating_duration_since(self.answered) < WINDOW;
        let near = Some(source.ip()) == self.others.signalling;
        let Some(latched) = self.latched else { return open && near };
        let quiet = now.saturating_duration_since(latched.heard);
        if source == latched.source {
            return true;
        }
        let moved = source.ip() == latched.source.ip() && ssrc == latched.ssrc;
        let preferred = Some(source) == self.others.expected;
        // One forged packet from the SDP address shall not lock out a phone behind a NAT.
        let unproven = latched.proof < PROBATION && quiet >= GRACE;
        quiet >= SILENCE && (moved || preferred) || open && (preferred || near && unproven)
    }

    /// A new SSRC of the latched source waits until the old one is silent. Another port of the SDP address's own host is
    /// no NAT: the SDP address gets time to speak first.
    fn must_wait(&self, now: Instant, source: SocketAddr) -> bool {
        if let Some(latched) = self.latched {
            return source == latched.source && now.saturating_duration_since(latched.heard) < HANDOVER;
        }
        let same_host = self.others.expected.is_some_and(|expected| expected.ip() == source.ip());
        same_host && now.saturating_duration_since(self.answered) < GRACE
    }

    /// Note a candidate's packet; the length of its run of packets in sequence.
    fn prove(&mut self, now: Instant, source: SocketAddr, ssrc: u32, sequence: u16) -> u8 {
        let fresh = Candidate { source, ssrc, next_sequence: sequence.wrapping_add(1), run: 1, seen: now };
        let known = self
            .others
            .candidates
            .iter_mut()
            .flatten()
            .find(|known| (known.source, known.ssrc) == (source, ssrc));
        if let Some(known) = known {
            let in_sequence =
                sequence == known.next_sequence && now.saturating_duration_since(known.seen) < WINDOW;
            let run = if in_sequence { known.run.saturating_add(1) } else { 1 };
            *known = Candidate { run, ..fresh };
            return run;
        }
        // A free place, or that of the one with the least to show for itself.
        let place =
            self.others.candidates.iter_mut().min_by_key(|place| place.map(|known| (known.run, known.seen)));
        if let Some(place) = place {
            *place = Some(fresh);
        }
        fresh.run
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests;
