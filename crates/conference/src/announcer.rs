//! What is said to a whole room: one thing at a time, the most important first, and what is alike at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::crowd::{Comer, Crowd};
use crate::action::{Action, ClipId, Control, LegId, Listener, PlaybackId, RoomId};
use crate::input::Reason;
use crate::outbox::{Delivery, Outbox};
use crate::phrases;
use crate::settings::{Cue, Profile};

mod crowd;

/// After this an announcement whose end was never reported counts as over.
const ANNOUNCEMENT_LIMIT: Duration = Duration::from_secs(120);

/// More names than these are not spoken one after the other, but counted.
const MAX_NAMES: usize = 5;

#[derive(Debug)]
pub(crate) struct Announcer {
    room: RoomId,
    profile: Arc<Profile>,
    delivery: Delivery,
    playing: Option<(PlaybackId, Item)>,
    /// One for each subject, so they are few.
    cues: Vec<(Cue, Vec<String>)>,
    coming: Crowd,
    going: Crowd,
    /// The one member there is has to be told so.
    alone: bool,
    music: Option<PlaybackId>,
    /// To whom something is to be said privately, once the announcements are over.
    joiners: Vec<LegId>,
    /// Whether it is told who comes and goes.
    pub(crate) entry_tones: bool,
    /// Whether there is music for who is alone.
    pub(crate) moh: bool,
}

/// Something to say.
#[derive(Debug)]
enum Item {
    Cue(Cue, Vec<String>),
    Came(Vec<Comer>),
    Left(Vec<Comer>),
    Alone,
}

/// How the room is, as far as it matters to what is played.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    /// Members who count.
    pub(crate) size: usize,
    /// Whether who is alone wants music.
    pub(crate) music: bool,
}

impl Announcer {
    pub(crate) fn new(room: RoomId, profile: Arc<Profile>) -> Self {
        let delivery = Delivery { language: profile.language.clone(), duck_db: profile.sounds.duck_db };
        Self {
            room,
            profile,
            delivery,
            playing: None,
            cues: Vec::new(),
            coming: Crowd::default(),
            going: Crowd::default(),
            alone: false,
            music: None,
            joiners: Vec::new(),
            entry_tones: true,
            moh: true,
        }
    }

    /// A member more, who is greeted when the announcements are over.
    pub(crate) fn await_greeting(&mut self, leg: LegId) {
        self.joiners.push(leg);
    }

    /// He need not be greeted any more.
    pub(crate) fn forget_joiner(&mut self, leg: LegId) {
        self.joiners.retain(|joiner| *joiner != leg);
    }

    /// The one member there is has nobody to talk to.
    pub(crate) fn tell_alone(&mut self) {
        self.alone = true;
    }

    /// He is not alone any more.
    pub(crate) fn forget_alone(&mut self, out: &mut Outbox) {
        self.alone = false;
        if matches!(self.playing, Some((_, Item::Alone))) {
            self.stop(out);
        }
    }

    /// Somebody has joined. He need not hear so himself.
    pub(crate) fn joined(&mut self, leg: LegId, name: Option<ClipId>, out: &mut Outbox) {
        self.coming.add(leg, name);
        if !self.profile.hear_own_join_sound {
            out.set(leg, Control::Announcements(false));
        }
    }

    /// Somebody has left; if nobody was told that he came, nobody is told that he went. His name is forgotten when
    /// it has been spoken.
    pub(crate) fn left(&mut self, leg: LegId, name: Option<ClipId>, out: &mut Outbox) {
        if self.coming.remove(leg) {
            forget_names(&[(leg, name)], out);
        } else {
            self.going.add(leg, name);
        }
    }

    /// Says the sounds of a cue and more; what waits on the same subject is stale.
    pub(crate) fn say(&mut self, cue: Cue, more: Vec<String>) {
        self.cues.retain(|(other, _)| other.subject() != cue.subject());
        self.cues.push((cue, more));
    }

    /// Plays what is to be played now. Returns whom to greet.
    pub(crate) fn settle(&mut self, now: Instant, scene: Scene, out: &mut Outbox) -> Vec<LegId> {
        let music = self.wanted_music(scene);
        if music.is_empty() {
            self.stop_music(out);
        }
        self.play_next(now, scene.size, out);
        if self.playing.is_some() {
            return Vec::new();
        }
        self.play_music(music, out);
        let joiners = std::mem::take(&mut self.joiners);
        if !self.profile.hear_own_join_sound {
            joiners.iter().for_each(|leg| out.set(*leg, Control::Announcements(true)));
        }
        joiners
    }

    /// An announcement is over.
    pub(crate) fn done(&mut self, playback: PlaybackId, out: &mut Outbox) {
        if let Some((_, item)) = self.playing.take_if(|(playing, _)| *playing == playback) {
            out.timers.clear(Reason::Announcement(self.room));
            item.forget(out);
        }
    }

    /// Stops what is said.
    pub(crate) fn stop(&mut self, out: &mut Outbox) {
        if let Some((playback, item)) = self.playing.take() {
            out.stop(playback);
            out.timers.clear(Reason::Announcement(self.room));
            item.forget(out);
        }
    }

    /// Plays nothing any more.
    pub(crate) fn silence(&mut self, out: &mut Outbox) {
        self.cues.clear();
        self.coming.clear();
        forget_names(&self.going.clear(), out);
        self.alone = false;
        self.joiners.clear();
        self.stop(out);
        self.stop_music(out);
        out.timers.clear(Reason::Announcement(self.room));
    }

    fn wanted_music(&self, scene: Scene) -> Vec<String> {
        let perpetual = self.profile.sounds.of(Cue::Perpetual);
        match scene.size {
            0 => Vec::new(),
            _ if !perpetual.is_empty() => perpetual,
            1 if self.moh && scene.music => self.profile.sounds.of(Cue::Moh),
            _ => Vec::new(),
        }
    }

    fn play_music(&mut self, music: Vec<String>, out: &mut Outbox) {
        if self.music.is_none() && !music.is_empty() {
            let delivery = Delivery { duck_db: 0, ..self.delivery.clone() };
            self.music = Some(out.play(Listener::Room(self.room), music, &delivery, true));
        }
    }

    fn stop_music(&mut self, out: &mut Outbox) {
        if let Some(playback) = self.music.take() {
            out.stop(playback);
        }
    }

    /// Says what is to be said now; if there is nothing, it looks again when somebody may be announced.
    fn play_next(&mut self, now: Instant, size: usize, out: &mut Outbox) {
        while self.playing.is_none() {
            let Some(item) = self.next(now) else { break };
            match self.sounds_of(&item, size) {
                sounds if sounds.is_empty() => item.forget(out),
                sounds => self.start(now, item, sounds, out),
            }
        }
        if self.playing.is_none()
            && let Some(due) = self.coming.due(now).into_iter().chain(self.going.due(now)).min()
        {
            out.timers.set(Reason::Announcement(self.room), due);
        }
    }

    /// The most important of what may be said now. That one is alone comes after what led to it.
    fn next(&mut self, now: Instant) -> Option<Item> {
        if !self.cues.is_empty() {
            let urgent = self.cues.iter().position(|(cue, _)| cue.is_urgent());
            let (cue, more) = self.cues.remove(urgent.unwrap_or(0));
            return Some(Item::Cue(cue, more));
        }
        if self.coming.due(now) == Some(now) {
            return Some(Item::Came(self.coming.take(now)));
        }
        if self.going.due(now) == Some(now) {
            return Some(Item::Left(self.going.take(now)));
        }
        let is_alone = self.going.is_empty() && std::mem::take(&mut self.alone);
        is_alone.then_some(Item::Alone)
    }

    fn start(&mut self, now: Instant, item: Item, sounds: Vec<String>, out: &mut Outbox) {
        self.stop_music(out);
        let playback = out.play(Listener::Room(self.room), sounds, &self.delivery, false);
        out.timers.set(Reason::Announcement(self.room), now + ANNOUNCEMENT_LIMIT);
        self.playing = Some((playback, item));
    }

    fn sounds_of(&self, item: &Item, size: usize) -> Vec<String> {
        let sounds = &self.profile.sounds;
        match item {
            Item::Alone => sounds.of(Cue::Alone),
            Item::Cue(cue, more) => sounds.of(*cue).into_iter().chain(more.iter().cloned()).collect(),
            Item::Came(_) | Item::Left(_) if !self.tells_comings(size) => Vec::new(),
            Item::Left(who) => self.crowd(who, [Cue::Exit, Cue::HasLeft, Cue::HaveLeft]),
            Item::Came(who) => {
                let who = self.crowd(who, [Cue::Enter, Cue::HasJoined, Cue::HaveJoined]);
                who.into_iter().chain(self.count_for_all(size)).collect()
            }
        }
    }

    /// Who came or went: by name, by the sound for one, or by number.
    fn crowd(&self, who: &[Comer], [one, named, several]: [Cue; 3]) -> Vec<String> {
        let sounds = &self.profile.sounds;
        let names: Vec<_> = who.iter().filter_map(|(_, name)| name.map(ClipId::sound)).collect();
        if names.len() == who.len() && names.len() <= MAX_NAMES {
            let verb = sounds.of(if names.len() == 1 { named } else { several });
            return [names, verb].concat();
        }
        let (single, verb) = (sounds.of(one), sounds.of(several));
        if who.len() == 1 || single.is_empty() || verb.is_empty() {
            return single;
        }
        let count = u32::try_from(who.len()).unwrap_or(u32::MAX);
        [phrases::number(sounds, &self.profile.language, count), verb].concat()
    }

    fn count_for_all(&self, size: usize) -> Vec<String> {
        let told = self.profile.announce_count_all.is_some_and(|least| size >= least);
        if told { phrases::others(&self.profile.sounds, &self.profile.language, size) } else { Vec::new() }
    }

    fn tells_comings(&self, size: usize) -> bool {
        self.entry_tones && self.profile.quiet_above.is_none_or(|most| size <= most)
    }
}

impl Item {
    /// It was said, or need not be said any more.
    fn forget(self, out: &mut Outbox) {
        if let Self::Left(who) = self {
            forget_names(&who, out);
        }
    }
}

/// Nobody needs the names of those who left any more.
fn forget_names(who: &[Comer], out: &mut Outbox) {
    who.iter().filter_map(|(_, name)| *name).for_each(|clip| out.act(Action::ForgetClip { clip }));
}
