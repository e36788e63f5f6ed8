//! Which receivers are listened to: a few at a time, everybody once in each round.

use confab_codec::{Codec, CodecError};
use confab_rtp::Packet;

use crate::sound::{Analyser, Ear, Expected, Findings};

/// How long an ear stays with one receiver, in windows of 80 ms.
const LISTENED_FOR: u32 = 14;

/// The ears, and what they have found.
#[derive(Debug)]
pub(crate) struct Hearing {
    analyser: Analyser,
    /// What was heard.
    pub(crate) findings: Findings,
    callers: usize,
    #[expect(clippy::vec_box, reason = "an ear moves between callers, of whom most have none")]
    spare: Vec<Box<Ear>>,
    round: u32,
    /// Packets of callers whose turn was already, since the last one whose was not.
    passed: usize,
}

/// What one caller hears.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    expected: Expected,
    ear: Option<Box<Ear>>,
    /// The round in which it was listened to last.
    round: u32,
}

impl Listener {
    /// What it should hear.
    pub(crate) fn expected(&self) -> &Expected {
        &self.expected
    }

    /// Tells what it should hear from now on.
    pub(crate) fn expect(&mut self, expected: Expected) {
        if let Some(ear) = self.ear.as_mut().filter(|_| self.expected != expected) {
            ear.reset();
        }
        self.expected = expected;
    }
}

impl Hearing {
    /// So many ears for so many callers.
    ///
    /// # Errors
    /// When there is no such decoder.
    pub(crate) fn new(codec: Codec, ears: usize, callers: usize) -> Result<Self, CodecError> {
        let ear = |_| Ear::new(codec).map(Box::new);
        Ok(Self {
            analyser: Analyser::new(codec),
            findings: Findings::default(),
            callers,
            spare: (0..ears.min(callers)).map(ear).collect::<Result<_, _>>()?,
            round: 1,
            passed: 0,
        })
    }

    /// Lets the listener's ear hear, if it has one, and hands the ear on when it has heard enough. `disturbed`: a talker's
    /// packet left late not long ago.
    pub(crate) fn hear(
        &mut self,
        who: usize,
        listener: &mut Listener,
        packet: &Packet<'_>,
        units: u32,
        disturbed: bool,
    ) {
        if listener.ear.is_none() {
            self.lend(listener);
        }
        let Some(ear) = &mut listener.ear else { return };
        ear.hear(packet, units);
        ear.judge(&self.analyser, who, &listener.expected, disturbed, &mut self.findings);
        if ear.windows() >= LISTENED_FOR {
            self.take_back(listener);
        }
    }

    /// Takes the ear from who has one.
    pub(crate) fn take_back(&mut self, listener: &mut Listener) {
        self.spare.extend(listener.ear.take());
    }

    fn lend(&mut self, listener: &mut Listener) {
        if listener.round == self.round {
            self.passed += 1;
            if self.passed > self.callers && !self.spare.is_empty() {
                (self.round, self.passed) = (self.round + 1, 0);
            }
            return;
        }
        let Some(mut ear) = self.spare.pop() else { return };
        ear.reset();
        (listener.ear, listener.round, self.passed) = (Some(ear), self.round, 0);
    }
}
