//! The private prompts of one leg: one at a time, the others wait.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::action::{LegId, Listener, PlaybackId};
use crate::input::Reason;
use crate::outbox::Outbox;

/// Prompts that wait at one time; beyond it the oldest is dropped.
const MAX_WAITING: usize = 4;

/// After this a prompt whose end was never reported counts as over.
const PROMPT_LIMIT: Duration = Duration::from_secs(120);

/// After this a call is ended, even if its last prompt is not over.
const GOODBYE_LIMIT: Duration = Duration::from_millis(2500);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Muted or unmuted.
    Mute,
    /// A volume or an energy level.
    Value,
    /// How an invite ended.
    Notice,
    /// Asks for a number.
    Number,
    /// The number was none.
    InvalidNumber,
    /// Asks for the PIN.
    Pin,
    /// The last one: the call ends after it.
    Goodbye,
}

impl Kind {
    /// A newer prompt of this kind makes an older one stale.
    fn tells_a_state(self) -> bool {
        matches!(self, Self::Mute | Self::Value)
    }

    fn limit(self) -> Duration {
        if self == Self::Goodbye { GOODBYE_LIMIT } else { PROMPT_LIMIT }
    }
}

#[derive(Debug)]
pub(crate) struct Prompts {
    leg: LegId,
    playing: Option<(PlaybackId, Kind)>,
    waiting: VecDeque<(Kind, Vec<String>)>,
    /// What waits must go on waiting.
    held: bool,
}

impl Prompts {
    pub(crate) fn new(leg: LegId) -> Self {
        Self { leg, playing: None, waiting: VecDeque::new(), held: false }
    }

    /// Plays the sounds as soon as those before have been played.
    pub(crate) fn say(&mut self, now: Instant, out: &mut Outbox, kind: Kind, sounds: Vec<String>) {
        if kind.tells_a_state() {
            self.waiting.retain(|(waiting, _)| *waiting != kind);
            self.interrupt(out, kind);
        }
        if self.waiting.len() == MAX_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back((kind, sounds));
        self.play_next(now, out);
    }

    /// Plays the sounds at once, in place of what is playing. Returns whether there is anything to play.
    pub(crate) fn say_now(
        &mut self,
        now: Instant,
        out: &mut Outbox,
        kind: Kind,
        sounds: Vec<String>,
    ) -> bool {
        self.stop(out);
        self.start(now, out, kind, sounds);
        self.playing.is_some()
    }

    /// Stops a prompt of this kind.
    pub(crate) fn interrupt(&mut self, out: &mut Outbox, kind: Kind) {
        if self.playing.is_some_and(|(_, playing)| playing == kind) {
            self.stop(out);
        }
    }

    /// Lets nothing begin but what is said now.
    pub(crate) fn hold(&mut self) {
        self.held = true;
    }

    /// Goes on with what waits.
    pub(crate) fn release(&mut self, now: Instant, out: &mut Outbox) {
        self.held = false;
        self.play_next(now, out);
    }

    /// Stops all and forgets what waits.
    pub(crate) fn clear(&mut self, out: &mut Outbox) {
        self.waiting.clear();
        self.held = false;
        self.stop(out);
    }

    /// The leg is gone, and its playback with it.
    pub(crate) fn forget(&self, out: &mut Outbox) {
        self.playing.and_then(|(playback, _)| out.forget(playback));
    }

    /// A playback is over: goes on with the next one. Returns what it was.
    pub(crate) fn done(&mut self, now: Instant, out: &mut Outbox, playback: PlaybackId) -> Option<Kind> {
        let (_, kind) = self.playing.take_if(|(playing, _)| *playing == playback)?;
        out.timers.clear(Reason::Prompt(self.leg));
        self.play_next(now, out);
        Some(kind)
    }

    /// The end of a prompt was not reported in time: stops it and goes on. Returns what it was.
    pub(crate) fn overdue(&mut self, now: Instant, out: &mut Outbox) -> Option<Kind> {
        let (_, kind) = self.playing?;
        self.stop(out);
        self.play_next(now, out);
        Some(kind)
    }

    fn play_next(&mut self, now: Instant, out: &mut Outbox) {
        while !self.held && self.playing.is_none() {
            let Some((kind, sounds)) = self.waiting.pop_front() else { return };
            self.start(now, out, kind, sounds);
        }
    }

    fn start(&mut self, now: Instant, out: &mut Outbox, kind: Kind, sounds: Vec<String>) {
        if sounds.is_empty() {
            return;
        }
        let playback = out.play(Listener::Leg(self.leg), sounds, false);
        out.timers.set(Reason::Prompt(self.leg), now + kind.limit());
        self.playing = Some((playback, kind));
    }

    fn stop(&mut self, out: &mut Outbox) {
        if let Some((playback, _)) = self.playing.take() {
            out.stop(playback);
            out.timers.clear(Reason::Prompt(self.leg));
        }
    }
}
