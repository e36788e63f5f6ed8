//! What a member can ask for by key, to hear it privately: how many are here, who they are, what his keys do.

use std::time::Instant;

use crate::action::{LegId, RoomId};
use crate::conferences::Conferences;
use crate::phrases;
use crate::prompts::Kind;
use crate::settings::{Cue, MemberFlag};

/// More members than these are not called by name.
const LONGEST_ROLL: usize = 50;

impl Conferences {
    pub(super) fn tell_count(&mut self, now: Instant, leg: LegId) {
        let others = self.spoken_others(leg);
        self.play_to(now, leg, Kind::Info, others);
    }

    /// The number of members, then each by his recorded name, else by his phone number.
    pub(super) fn call_roll(&mut self, now: Instant, leg: LegId) {
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let (language, room) = (found.prompts.language().to_owned(), found.room);
        let members = room.map(|room| self.seen_members(room)).unwrap_or_default();
        let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let mut roll = phrases::number(&profile.sounds, &language, count);
        roll.extend(profile.sounds.of(Cue::RollCall));
        for member in members.iter().take(LONGEST_ROLL).filter_map(|leg| self.legs.get(leg)) {
            match member.name {
                Some(clip) => roll.push(clip.sound()),
                None => roll.extend(phrases::digits(&profile.sounds, member.number())),
            }
        }
        self.play_to(now, leg, Kind::Info, roll);
    }

    /// Members who are no ghosts, in the order in which they joined.
    fn seen_members(&self, room: RoomId) -> Vec<LegId> {
        let members = self.rooms.get(&room).into_iter().flat_map(|room| room.members.iter().copied());
        let is_seen = |leg: &LegId| self.member(*leg).is_some_and(|member| !member.has(MemberFlag::Ghost));
        let mut seen: Vec<_> = members.filter(is_seen).collect();
        seen.sort_by_key(|leg| self.joined_at(*leg));
        seen
    }

    /// His own keys, each with what it does, as far as there is a sound for it.
    pub(super) fn explain_keys(&mut self, now: Instant, leg: LegId) {
        let Some((found, profile)) = self.leg_and_profile(leg) else { return };
        let Some(member) = found.member() else { return };
        let mut help = profile.sounds.of(Cue::Help);
        for (sequence, actions) in member.matcher.map().bindings() {
            let explained = actions.iter().filter_map(|action| profile.sounds.help.get(action.name()));
            let explained: Vec<_> = explained.flatten().cloned().collect();
            if !explained.is_empty() {
                help.extend(phrases::digits(&profile.sounds, sequence));
                help.extend(explained);
            }
        }
        self.play_to(now, leg, Kind::Info, help);
    }
}
