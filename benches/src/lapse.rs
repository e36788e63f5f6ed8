//! What our own lateness does to the server's jitter buffer of one caller.

use std::time::{Duration, Instant};

/// A packet that leaves later than this may be missed at its tick: a jitter buffer has no more in reserve on a clean line.
pub(crate) const DISTURBING: Duration = Duration::from_micros(800);

/// One such packet is concealed and played late; of two in a second the buffer makes a rule: it adds delay, and takes it
/// back when it has seen none for 5 s.
const CONCEALED_FOR: Duration = Duration::from_millis(400);
const REMEMBERED_FOR: Duration = Duration::from_secs(7);
const OFTEN: Duration = Duration::from_secs(1);

/// Packets of a caller that left late.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lapse {
    last: Option<Instant>,
    until: Option<Instant>,
}

impl Lapse {
    /// A packet leaves late now.
    pub(crate) fn note(&mut self, now: Instant) {
        let again = self.last.replace(now).is_some_and(|last| now - last < OFTEN);
        let until = now + if again { REMEMBERED_FOR } else { CONCEALED_FOR };
        self.until = self.until.max(Some(until));
    }

    /// Whether what is heard now may suffer from it.
    pub(crate) fn disturbs(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}
