//! Who hears the same thing.
//!
//! All that a member's samples depend on is in its [`Group`]: the gains, the state of the limiter, and whether something
//! sets it apart (it is heard in the room itself, or something is played to it alone). So two members of one group hear
//! exactly the same, and a member that was set apart comes back to the others when the limiter's state is the same
//! again, that is, as soon as nothing has to be limited.

use confab_fetch::fetch_all;

use crate::Slot;
use crate::gain::Ramp;
use crate::limiter::Hold;

/// Names what a member hears in this tick: equal keys, equal samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListenKey(u32);

impl ListenKey {
    const NONE: Self = Self(u32::MAX);

    /// The key as an index: dense from 0, always less than the highest number of members the mixer had.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Members that hear the same thing.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// The first of them.
    pub(crate) slot: Slot,
    pub(crate) room: Ramp,
    pub(crate) own: Ramp,
    pub(crate) announced: Ramp,
    /// The limiter's state at the begin of the frame, and at its end once that was rendered.
    pub(crate) limiter: Hold,
    pub(crate) limiter_after: Hold,
}

impl Group {
    /// Nothing changes what it hears of the room, unless that is too loud.
    pub(crate) fn is_plain(&self) -> bool {
        let one = Ramp::steady(1.0);
        self.room == one && self.announced == one && self.limiter == Hold::default()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Listeners {
    groups: Vec<Group>,
    /// The groups that others may join: not those of members who have a voice or a playback of their own.
    shared: Vec<ListenKey>,
    key_of: Vec<ListenKey>,
    limiter_of: Vec<Hold>,
}

impl Listeners {
    /// Fetches what a tick touches.
    pub(crate) fn fetch_rest(&self) {
        fetch_all(&self.groups);
        fetch_all(&self.shared);
        fetch_all(&self.key_of);
        fetch_all(&self.limiter_of);
    }

    /// Makes room for so many slots.
    pub(crate) fn grow(&mut self, slots: usize) {
        self.groups.reserve(slots - self.groups.len());
        self.shared.reserve(slots - self.shared.len());
        self.key_of.resize(slots, ListenKey::NONE);
        self.limiter_of.resize(slots, Hold::default());
    }

    /// Another member takes the slot.
    pub(crate) fn reset(&mut self, slot: Slot) {
        self.key_of[slot.index()] = ListenKey::NONE;
        self.limiter_of[slot.index()] = Hold::default();
    }

    /// Takes over the limiters of `old`.
    pub(crate) fn adopt(&mut self, old: &mut Self) {
        old.clear();
        self.limiter_of[..old.limiter_of.len()].copy_from_slice(&old.limiter_of);
    }

    pub(crate) fn key(&self, slot: Slot) -> ListenKey {
        self.key_of[slot.index()]
    }

    pub(crate) fn group(&self, key: ListenKey) -> Option<&Group> {
        self.groups.get(key.index())
    }

    /// What is heard under the key was rendered, and left the limiter in this state.
    pub(crate) fn rendered(&mut self, key: ListenKey, limiter: Hold) {
        if let Some(group) = self.groups.get_mut(key.index()) {
            group.limiter_after = limiter;
        }
    }

    /// Dissolves the groups; each member keeps the state of its limiter.
    pub(crate) fn clear(&mut self) {
        for (key, limiter) in self.key_of.iter_mut().zip(&mut self.limiter_of) {
            if let Some(group) = self.groups.get(key.index()) {
                *limiter = group.limiter_after;
            }
            *key = ListenKey::NONE;
        }
        self.groups.clear();
        self.shared.clear();
    }

    /// Puts the slot into the group that hears what it hears.
    pub(crate) fn join(&mut self, slot: Slot, apart: bool, room: Ramp, own: Ramp, announced: Ramp) {
        let limiter = self.limiter_of[slot.index()];
        let same = |key: &ListenKey| {
            let group = &self.groups[key.index()];
            group.room == room && group.limiter == limiter && group.announced == announced
        };
        let found = if apart { None } else { self.shared.iter().copied().find(same) };
        let key = found.unwrap_or(ListenKey(self.groups.len() as u32));
        if found.is_none() {
            self.groups.push(Group { slot, room, own, announced, limiter, limiter_after: limiter });
            self.shared.extend((!apart).then_some(key));
        }
        self.key_of[slot.index()] = key;
    }
}
