//! One room: who is in it, and what is played to all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use crate::action::{Action, ClipId, LegId, RoomId};
use crate::announcer::Announcer;
use crate::debate::Debate;
use crate::outbox::Outbox;
use crate::settings::{MemberFlag, MemberFlags, Profile};

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
    /// Those who wait in front of the room, in the order in which they came.
    pub(crate) waiting: Vec<LegId>,
    /// How many members have each flag.
    census: BTreeMap<MemberFlag, usize>,
    /// Members who are neither moderators nor ghosts.
    ordinary: usize,
    moderators: BTreeSet<LegId>,
    /// Members who talk.
    pub(crate) talkers: usize,
    /// The active speaker.
    pub(crate) speaker: Option<LegId>,
    /// The conference goes on: its first member has joined.
    pub(crate) live: bool,
    /// A moderator was there in this conference.
    pub(crate) begun: bool,
    /// The conference ends when it has fewer than two members.
    pub(crate) min_two: bool,
    /// When the conference ends at the latest.
    pub(crate) deadline: Option<Instant>,
    /// Only moderators get in.
    pub(crate) locked: bool,
    /// The conference has ended: nobody joins any more.
    pub(crate) over: bool,
    /// What is said and played to all.
    pub(crate) announcer: Announcer,
    /// Who may speak, and who asks for the word.
    pub(crate) debate: Debate,
}

impl Room {
    pub(crate) fn open(
        id: RoomId,
        name: &str,
        profile: Arc<Profile>,
        denoise: bool,
        near: Option<RoomId>,
        out: &mut Outbox,
    ) -> Self {
        out.act(Action::OpenRoom {
            room: id,
            name: name.to_owned(),
            profile: profile.clone(),
            denoise,
            near,
        });
        Self {
            id,
            name: name.to_owned(),
            members: BTreeSet::new(),
            attached: BTreeSet::new(),
            outcalls: Vec::new(),
            waiting: Vec::new(),
            census: BTreeMap::new(),
            ordinary: 0,
            moderators: BTreeSet::new(),
            talkers: 0,
            speaker: None,
            live: false,
            begun: false,
            min_two: false,
            deadline: None,
            locked: false,
            over: false,
            announcer: Announcer::new(id, profile.clone()),
            debate: Debate::default(),
            profile,
        }
    }

    pub(crate) fn attach(&mut self, leg: LegId, out: &mut Outbox) {
        self.attached.insert(leg);
        out.act(Action::Attach { leg, room: self.id });
    }

    /// Whether it has as many as may be; moderators do not count.
    pub(crate) fn is_full(&self) -> bool {
        self.profile.max_members.is_some_and(|max| self.ordinary + self.waiting.len() >= max)
    }

    /// The conference is over, and what was set in it.
    pub(crate) fn begin_anew(&mut self, out: &mut Outbox) {
        self.announcer.silence(out);
        (self.live, self.begun, self.min_two, self.locked) = (false, false, false, false);
        self.deadline = None;
        self.debate = Debate::default();
        self.announcer = Announcer::new(self.id, self.profile.clone());
    }

    /// A leg is another one from now on.
    pub(crate) fn rename(&mut self, old: LegId, new: LegId) {
        for legs in [&mut self.members, &mut self.moderators, &mut self.attached] {
            if legs.remove(&old) {
                legs.insert(new);
            }
        }
        for legs in [&mut self.waiting, &mut self.outcalls] {
            legs.iter_mut().filter(|leg| **leg == old).for_each(|leg| *leg = new);
        }
        self.debate.rename(old, new);
        self.announcer.forget_joiner(old);
    }

    /// Members who count.
    pub(crate) fn size(&self) -> usize {
        self.members.len() - self.with(MemberFlag::Ghost)
    }

    /// How many members have this flag.
    pub(crate) fn with(&self, flag: MemberFlag) -> usize {
        self.census.get(&flag).copied().unwrap_or(0)
    }

    /// Members who moderate.
    pub(crate) fn moderators(&self) -> impl Iterator<Item = LegId> + '_ {
        self.moderators.iter().copied()
    }

    /// A member more.
    pub(crate) fn enlist(&mut self, leg: LegId, flags: &MemberFlags) {
        self.members.insert(leg);
        self.ordinary += usize::from(is_ordinary(flags));
        if flags.contains(&MemberFlag::Moderator) {
            self.begun = true;
            self.moderators.insert(leg);
        }
        self.min_two |= flags.contains(&MemberFlag::MinTwo);
        for flag in flags {
            *self.census.entry(*flag).or_default() += 1;
        }
    }

    /// A member less, if he was one.
    pub(crate) fn strike(&mut self, leg: LegId, flags: &MemberFlags) -> bool {
        if !self.members.remove(&leg) {
            return false;
        }
        self.moderators.remove(&leg);
        self.ordinary -= usize::from(is_ordinary(flags));
        for flag in flags {
            let count = self.with(*flag).saturating_sub(1);
            self.census.insert(*flag, count);
        }
        true
    }

    /// A member more: he is told that he is alone, or the others that he is here.
    pub(crate) fn greet(&mut self, leg: LegId, coming: Coming, out: &mut Outbox) {
        self.announcer.await_greeting(leg);
        if self.size() == 1 {
            return self.announcer.tell_alone();
        }
        self.announcer.forget_alone(out);
        if coming.is_told {
            self.announcer.joined(leg, coming.name, out);
        }
    }

    /// A member less: the others hear it, and the last one that he is alone.
    pub(crate) fn see_off(&mut self, leg: LegId, going: Coming, out: &mut Outbox) {
        match going {
            Coming { is_told: true, name } => self.announcer.left(leg, name, out),
            Coming { name, .. } => name.into_iter().for_each(|clip| out.act(Action::ForgetClip { clip })),
        }
        self.look_for_alone();
    }

    /// A member less: the last one is told that he is alone.
    pub(crate) fn look_for_alone(&mut self) {
        if self.size() == 1 {
            self.announcer.tell_alone();
        }
    }
}

fn is_ordinary(flags: &MemberFlags) -> bool {
    !flags.contains(&MemberFlag::Moderator) && !flags.contains(&MemberFlag::Ghost)
}

/// Who comes or goes, to those who are told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coming {
    /// Whether it is told at all.
    pub(crate) is_told: bool,
    /// The name that he recorded.
    pub(crate) name: Option<ClipId>,
}
