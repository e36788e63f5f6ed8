//! The private prompts of one leg: one at a time, the others wait; music in between for who waits.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::action::{LegId, Listener, PlaybackId};
use crate::input::Reason;
use crate::outbox::{Delivery, Outbox};

/// Prompts that wait at one time; beyond it the least important is dropped, of equal ones the oldest.
const MAX_WAITING: usize = 8;

/// After this a prompt whose end was never reported counts as over.
const PROMPT_LIMIT: Duration = Duration::from_secs(120);

/// The same for what ends with a key anyway: a long text, or the names of all who are here.
const LONG_PROMPT_LIMIT: Duration = Duration::from_secs(3600);

/// After this a call is ended, even if its last prompt is not over.
const GOODBYE_LIMIT: Duration = Duration::from_millis(2500);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Muted or unmuted.
    Mute,
    /// Deaf or not.
    Deaf,
    /// A volume or an energy level.
    Value,
    /// What the member should know now: how an invite ended, that somebody asks for the word.
    Notice,
    /// To who has joined.
    Greeting,
    /// What was asked for by key and may be long.
    Info,
    /// To who was called in, before he joins.
    Confirm,
    /// Asks for a number.
    Number,
    /// The number was none.
    InvalidNumber,
    /// Asks for the PIN.
    Pin,
    /// Asks for the name.
    Name,
    /// The name that was recorded, and what to do with it.
    Review,
    /// The last one: the call ends after it.
    Goodbye,
}

impl Kind {
    /// A newer prompt of this kind makes an older one stale.
    fn tells_a_state(self) -> bool {
        matches!(self, Self::Mute | Self::Deaf | Self::Value | Self::Info)
    }

    /// It may be long, and whoever presses a key has heard enough.
    fn ends_with_a_key(self) -> bool {
        matches!(self, Self::Greeting | Self::Info)
    }

    /// What is lower goes first: the answer to a key, then news, then what can wait.
    fn rank(self) -> u8 {
        match self {
            Self::Notice => 1,
            Self::Greeting => 2,
            Self::Info => 3,
            _ => 0,
        }
    }

    fn limit(self) -> Duration {
        match self {
            Self::Goodbye => GOODBYE_LIMIT,
            long if long.ends_with_a_key() => LONG_PROMPT_LIMIT,
            _ => PROMPT_LIMIT,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Prompts {
    leg: LegId,
    delivery: Delivery,
    playing: Option<(PlaybackId, Kind)>,
    /// By rank, and by age within a rank.
    waiting: VecDeque<(Kind, Vec<String>)>,
    /// What waits must go on waiting.
    held: bool,
    /// Played in a loop while nothing else is.
    music: Vec<String>,
    looping: Option<PlaybackId>,
}

impl Prompts {
    pub(crate) fn new(leg: LegId) -> Self {
        Self {
            leg,
            delivery: Delivery::default(),
            playing: None,
            waiting: VecDeque::new(),
            held: false,
            music: Vec::new(),
            looping: None,
        }
    }

    /// In which language he is spoken to, and over what.
    pub(crate) fn deliver(&mut self, delivery: Delivery) {
        self.delivery = delivery;
    }

    /// The language in which he is spoken to.
    pub(crate) fn language(&self) -> &str {
        &self.delivery.language
    }

    /// Plays the sounds as soon as those before have been played.
    pub(crate) fn say(&mut self, now: Instant, out: &mut Outbox, kind: Kind, sounds: Vec<String>) {
        if kind.tells_a_state() {
            self.waiting.retain(|(waiting, _)| *waiting != kind);
            self.interrupt(out, kind);
        }
        if !sounds.is_empty() {
            self.queue(kind, sounds);
        }
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

    /// Plays these in a loop, from now on, while there is nothing to say.
    pub(crate) fn play_music(&mut self, out: &mut Outbox, music: Vec<String>) {
        self.stop_loop(out);
        self.music = music;
        self.resume_loop(out);
    }

    /// Stops a prompt of this kind.
    pub(crate) fn interrupt(&mut self, out: &mut Outbox, kind: Kind) {
        if self.playing.is_some_and(|(_, playing)| playing == kind) {
            self.stop(out);
        }
    }

    /// He has pressed a key: what may be long is over, and what else waits comes.
    pub(crate) fn key_pressed(&mut self, now: Instant, out: &mut Outbox) {
        self.waiting.retain(|(kind, _)| !kind.ends_with_a_key());
        if self.playing.is_some_and(|(_, kind)| kind.ends_with_a_key()) {
            self.stop(out);
        }
        self.play_next(now, out);
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
        self.play_music(out, Vec::new());
    }

    /// The leg is gone, and its playbacks with it.
    pub(crate) fn forget(&self, out: &mut Outbox) {
        let playing = self.playing.map(|(playback, _)| playback);
        for playback in playing.into_iter().chain(self.looping) {
            out.forget(playback);
        }
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

    /// What waits already is not said twice: many may knock, or ask for the word, meanwhile.
    fn queue(&mut self, kind: Kind, sounds: Vec<String>) {
        if self.waiting.iter().any(|waiting| (waiting.0, &waiting.1) == (kind, &sounds)) {
            return;
        }
        let after = self.waiting.iter().position(|(waiting, _)| waiting.rank() > kind.rank());
        self.waiting.insert(after.unwrap_or(self.waiting.len()), (kind, sounds));
        if self.waiting.len() > MAX_WAITING
            && let Some(least) = self.waiting.back().map(|(kind, _)| kind.rank())
            && let Some(oldest) = self.waiting.iter().position(|(kind, _)| kind.rank() == least)
        {
            self.waiting.remove(oldest);
        }
    }

    fn play_next(&mut self, now: Instant, out: &mut Outbox) {
        if !self.held
            && self.playing.is_none()
            && let Some((kind, sounds)) = self.waiting.pop_front()
        {
            self.start(now, out, kind, sounds);
        }
        self.resume_loop(out);
    }

    fn start(&mut self, now: Instant, out: &mut Outbox, kind: Kind, sounds: Vec<String>) {
        if sounds.is_empty() {
            return;
        }
        self.stop_loop(out);
        let playback = out.play(Listener::Leg(self.leg), sounds, &self.delivery_of(kind), false);
        out.timers.set(Reason::Prompt(self.leg), now + kind.limit());
        self.playing = Some((playback, kind));
    }

    /// While he types the room is low for him anyway.
    fn delivery_of(&self, kind: Kind) -> Delivery {
        let lowers = !matches!(kind, Kind::Number | Kind::InvalidNumber);
        Delivery { duck_db: if lowers { self.delivery.duck_db } else { 0 }, ..self.delivery.clone() }
    }

    fn stop(&mut self, out: &mut Outbox) {
        if let Some((playback, _)) = self.playing.take() {
            out.stop(playback);
            out.timers.clear(Reason::Prompt(self.leg));
        }
    }

    fn resume_loop(&mut self, out: &mut Outbox) {
        if self.playing.is_none() && self.looping.is_none() && !self.music.is_empty() {
            let music = Delivery { duck_db: 0, ..self.delivery.clone() };
            self.looping = Some(out.play(Listener::Leg(self.leg), self.music.clone(), &music, true));
        }
    }

    fn stop_loop(&mut self, out: &mut Outbox) {
        if let Some(playback) = self.looping.take() {
            out.stop(playback);
        }
    }
}
