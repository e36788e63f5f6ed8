//! One room: who is in it, and what is played to all.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::action::{Action, LegId, Listener, PlaybackId, RoomId};
use crate::input::Reason;
use crate::outbox::Outbox;
use crate::settings::Profile;

/// After this an announcement whose end was never reported counts as over.
const ANNOUNCEMENT_LIMIT: Duration = Duration::from_secs(120);

/// What is said to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Announcement {
    Enter,
    Exit,
    Alone,
}

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) name: String,
    pub(crate) profile: Arc<Profile>,
    pub(crate) members: BTreeSet<LegId>,
    /// All legs whose audio is here: members, those who type their PIN, those who hear that they were put
    /// out.
    pub(crate) attached: BTreeSet<LegId>,
    /// The calls into this room, in the order in which they were placed: ringing, or joined.
    pub(crate) outcalls: Vec<LegId>,
    /// The conference has ended: nobody joins any more.
    pub(crate) over: bool,
    announcing: Option<(PlaybackId, Announcement)>,
    /// No announcement waits twice, so they are few.
    waiting: VecDeque<Announcement>,
    music: Option<PlaybackId>,
    /// Who is to be told that he is muted, once the announcements are over.
    muted_joiners: Vec<LegId>,
}

impl Room {
    pub(crate) fn open(
        id: RoomId,
        name: &str,
        profile: Arc<Profile>,
        denoise: bool,
        out: &mut Outbox,
    ) -> Self {
        out.act(Action::OpenRoom { room: id, name: name.to_owned(), profile: profile.clone(), denoise });
        Self {
            id,
            name: name.to_owned(),
            profile,
            members: BTreeSet::new(),
            attached: BTreeSet::new(),
            outcalls: Vec::new(),
            over: false,
            announcing: None,
            waiting: VecDeque::new(),
            music: None,
            muted_joiners: Vec::new(),
        }
    }

    pub(crate) fn attach(&mut self, leg: LegId, out: &mut Outbox) {
        self.attached.insert(leg);
        out.act(Action::Attach { leg, room: self.id });
    }

    pub(crate) fn is_full(&self) -> bool {
        self.profile.max_members.is_some_and(|max| self.members.len() >= max)
    }

    /// A member more: welcomed if he is not alone.
    pub(crate) fn greet(&mut self, leg: LegId, muted: bool, out: &mut Outbox) {
        if muted {
            self.muted_joiners.push(leg);
        }
        if self.members.len() == 1 {
            return self.announce(Announcement::Alone);
        }
        self.waiting.retain(|waiting| *waiting != Announcement::Alone);
        if self.announcing.is_some_and(|(_, playing)| playing == Announcement::Alone) {
            self.stop_announcement(out);
        }
        self.announce(Announcement::Enter);
    }

    /// A member less: the others hear it, and the last one that he is alone.
    pub(crate) fn see_off(&mut self) {
        self.announce(Announcement::Exit);
        if self.members.len() == 1 {
            self.announce(Announcement::Alone);
        }
    }

    /// He need not be told that he is muted, since that has changed.
    pub(crate) fn forget_muted_joiner(&mut self, leg: LegId) {
        self.muted_joiners.retain(|joiner| *joiner != leg);
    }

    /// Plays what is to be played now. Returns whom to tell that he is muted.
    pub(crate) fn settle(&mut self, now: Instant, out: &mut Outbox) -> Vec<LegId> {
        if self.members.len() != 1 {
            self.stop_music(out);
        }
        self.announce_next(now, out);
        if self.announcing.is_some() {
            return Vec::new();
        }
        if self.members.len() == 1 && self.music.is_none() {
            let music = self.profile.sounds.music.clone();
            self.music = music.map(|music| out.play(Listener::Room(self.id), vec![music], true));
        }
        std::mem::take(&mut self.muted_joiners)
    }

    /// An announcement is over.
    pub(crate) fn announced(&mut self, playback: PlaybackId, out: &mut Outbox) {
        if self.announcing.take_if(|(playing, _)| *playing == playback).is_some() {
            out.timers.clear(Reason::Announcement(self.id));
        }
    }

    /// Plays nothing any more.
    pub(crate) fn silence(&mut self, out: &mut Outbox) {
        self.waiting.clear();
        self.muted_joiners.clear();
        self.stop_announcement(out);
        self.stop_music(out);
    }

    pub(crate) fn stop_announcement(&mut self, out: &mut Outbox) {
        if let Some((playback, _)) = self.announcing.take() {
            out.stop(playback);
            out.timers.clear(Reason::Announcement(self.id));
        }
    }

    fn stop_music(&mut self, out: &mut Outbox) {
        if let Some(playback) = self.music.take() {
            out.stop(playback);
        }
    }

    fn announce(&mut self, announcement: Announcement) {
        if !self.waiting.contains(&announcement) {
            self.waiting.push_back(announcement);
        }
    }

    fn announce_next(&mut self, now: Instant, out: &mut Outbox) {
        while self.announcing.is_none() {
            let Some(announcement) = self.waiting.pop_front() else { return };
            let Some(sound) = self.sound(announcement) else { continue };
            let playback = out.play(Listener::Room(self.id), vec![sound], false);
            out.timers.set(Reason::Announcement(self.id), now + ANNOUNCEMENT_LIMIT);
            self.announcing = Some((playback, announcement));
        }
    }

    fn sound(&self, announcement: Announcement) -> Option<String> {
        let sounds = &self.profile.sounds;
        match announcement {
            Announcement::Enter => sounds.enter.clone(),
            Announcement::Exit => sounds.exit.clone(),
            Announcement::Alone => sounds.alone.clone(),
        }
    }
}
