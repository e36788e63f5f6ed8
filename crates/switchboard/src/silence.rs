//! Silent lines: a phone from which nothing comes is asked by an OPTIONS in its dialog whether it is still there. Who does
//! not answer, or answers for a long time without a sound, is put out.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use confab_conference::{Input, LegId};
use confab_sip::Cause;

use crate::{Notice, Switchboard};

/// A phone that is there answers within this.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);
/// Who has answered so often and was not heard meanwhile, is put out.
const MOST_QUESTIONS: u8 = 10;

/// The legs that were asked, by when they must have answered.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    open: BTreeSet<(Instant, LegId)>,
}

impl Questions {
    pub(crate) fn next(&self) -> Option<Instant> {
        self.open.first().map(|(at, _)| *at)
    }

    fn take_due(&mut self, now: Instant) -> Option<(Instant, LegId)> {
        if self.next().is_some_and(|at| at <= now) { self.open.pop_first() } else { None }
    }
}

/// What a leg was asked since it was heard last.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    /// When the answer must be here, if one is awaited.
    awaited: Option<Instant>,
    questions: u8,
    for_ms: u64,
}

impl Switchboard {
    /// Nothing has come from the leg for its limit, or for that once more.
    pub(crate) fn on_silent(&mut self, now: Instant, id: LegId, for_ms: u64) {
        let Some(leg) = self.legs.find_mut(id) else { return };
        let Some(call) = leg.call else { return };
        let silence = &mut leg.silence;
        let heard_meanwhile = for_ms <= silence.for_ms;
        silence.questions = if heard_meanwhile { 1 } else { silence.questions.saturating_add(1) };
        silence.for_ms = for_ms;
        let (name, questions) = (leg.name.clone(), leg.silence.questions);
        if questions > MOST_QUESTIONS {
            return self.end_silent(now, id);
        }
        if leg.silence.awaited.is_none() {
            let until = now + ANSWER_WITHIN;
            leg.silence.awaited = Some(until);
            self.questions.open.insert((until, id));
            self.endpoint.ask(now, call);
        }
        self.notice(Notice::Silent { name, for_ms });
    }

    /// The answer to our OPTIONS, or its absence.
    pub(crate) fn on_asked(&mut self, now: Instant, id: LegId, status: Option<u16>) {
        let Some(leg) = self.legs.find_mut(id) else { return };
        if let Some(until) = leg.silence.awaited.take() {
            self.questions.open.remove(&(until, id));
        }
        if !status.is_some_and(is_alive) {
            self.end_silent(now, id);
        }
    }

    /// Puts out who should have answered by now.
    pub(crate) fn questions_due(&mut self, now: Instant) {
        while let Some((until, id)) = self.questions.take_due(now) {
            if self.legs.find_mut(id).is_some_and(|leg| leg.silence.awaited == Some(until)) {
                self.end_silent(now, id);
            }
        }
    }

    fn end_silent(&mut self, now: Instant, id: LegId) {
        let Some(leg) = self.legs.find_mut(id) else { return };
        let (name, for_ms) = (leg.name.clone(), leg.silence.for_ms);
        self.notice(Notice::LineDead { name, for_ms });
        self.end_leg(now, id, Cause::RECOVERY_ON_TIMER_EXPIRE);
        self.tell(now, Input::Lost { leg: id });
    }
}

/// Whether a phone that answers so has the call: it may not know OPTIONS, or want to know who asks.
fn is_alive(status: u16) -> bool {
    matches!(status, 200..=299 | 401 | 403 | 405 | 407 | 415 | 420 | 501)
}
