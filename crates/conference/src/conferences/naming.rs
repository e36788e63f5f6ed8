//! Names that members record on entering, by which others hear of them.

use std::time::{Duration, Instant};

use super::Conferences;
use crate::action::{Action, ClipId, LegId};
use crate::input::Reason;
use crate::leg::{Naming, Stage};
use crate::prompts::Kind;
use crate::settings::{AnnounceNames, Cue, MemberFlag};

/// A name lasts so long at most.
const LONGEST_NAME: Duration = Duration::from_secs(5);

/// What is shorter is no name.
const SHORTEST_NAME: Duration = Duration::from_millis(200);

/// How often one is asked for it.
const TRIES: u8 = 2;

/// After so long without a key the name that he heard is kept.
const REVIEW: Duration = Duration::from_secs(8);

/// After this a recording whose end was not reported counts as none.
const RECORDING_LIMIT: Duration = Duration::from_secs(10);

impl Conferences {
    /// Asks for his name if the room announces names. Returns whether it does; [`Conferences::name_given`]
    /// follows then.
    pub(super) fn ask_name(&mut self, now: Instant, leg: LegId) -> bool {
        let is_unseen = self.has_flag(leg, MemberFlag::Quiet) || self.has_flag(leg, MemberFlag::Ghost);
        let Some((found, profile)) = self.leg_and_profile(leg) else { return false };
        if is_unseen || profile.announce_names == AnnounceNames::Off || found.name.is_some() {
            return false;
        }
        found.stage = Stage::Naming(Naming { tries_left: TRIES, clip: None, review: false });
        self.prompt_name(now, leg);
        true
    }

    /// A key while he gives his name: he need not hear the question to its end, and ends his answer; then `1` or
    /// `#` keeps the name, `2` asks for another one.
    pub(super) fn name_digit(&mut self, now: Instant, leg: LegId, digit: char) {
        match self.naming(leg) {
            Some(Naming { clip: None, .. }) => {
                self.interrupt(leg, Kind::Name);
                self.record_name(now, leg);
            }
            Some(Naming { review: false, .. }) => self.out.act(Action::StopRecordingName { leg }),
            Some(_) if matches!(digit, '1' | '#') => self.keep_name(now, leg),
            Some(_) if digit == '2' => self.ask_again(now, leg),
            _ => {}
        }
    }

    /// What he said is there.
    pub(super) fn name_recorded(&mut self, now: Instant, leg: LegId, clip: ClipId, length: Duration) {
        let awaited = |naming: &&mut Naming| naming.clip == Some(clip) && !naming.review;
        let Some(naming) = self.naming(leg).filter(awaited) else {
            return self.out.act(Action::ForgetClip { clip });
        };
        naming.tries_left = naming.tries_left.saturating_sub(1);
        let again = naming.tries_left > 0;
        self.out.timers.clear(Reason::Entry(leg));
        if length >= SHORTEST_NAME {
            self.review_name(now, leg, clip);
        } else if again {
            self.ask_again(now, leg);
        } else {
            self.drop_name(now, leg);
        }
    }

    /// The question has been heard, or the name.
    pub(super) fn name_prompt_over(&mut self, now: Instant, leg: LegId) {
        match self.naming(leg) {
            Some(Naming { review: true, .. }) => self.out.timers.set(Reason::Entry(leg), now + REVIEW),
            Some(Naming { clip: None, .. }) => self.record_name(now, leg),
            _ => {}
        }
    }

    /// No key came, or no name.
    pub(super) fn name_timeout(&mut self, now: Instant, leg: LegId) {
        match self.naming(leg) {
            Some(Naming { review: true, .. }) => self.keep_name(now, leg),
            Some(_) => {
                self.out.act(Action::StopRecordingName { leg });
                self.drop_name(now, leg);
            }
            None => {}
        }
    }

    /// He gets no name: he is gone, or put out.
    pub(super) fn forget_naming(&mut self, leg: LegId) {
        let clip = self.naming(leg).and_then(|naming| naming.clip.take());
        clip.into_iter().for_each(|clip| self.out.act(Action::ForgetClip { clip }));
    }

    fn naming(&mut self, leg: LegId) -> Option<&mut Naming> {
        match &mut self.legs.get_mut(&leg)?.stage {
            Stage::Naming(naming) => Some(naming),
            _ => None,
        }
    }

    fn prompt_name(&mut self, now: Instant, leg: LegId) {
        let Some((_, profile)) = self.leg_and_profile(leg) else { return };
        if !self.say_at_once(now, leg, Kind::Name, profile.sounds.of(Cue::RecordName)) {
            self.record_name(now, leg);
        }
    }

    fn record_name(&mut self, now: Instant, leg: LegId) {
        self.last_clip += 1;
        let clip = ClipId(self.last_clip);
        let Some(naming) = self.naming(leg) else { return };
        naming.clip = Some(clip);
        self.out.act(Action::RecordName { leg, clip, max: LONGEST_NAME });
        self.out.timers.set(Reason::Entry(leg), now + RECORDING_LIMIT);
    }

    /// He hears his name if he is to judge it; else it is kept.
    fn review_name(&mut self, now: Instant, leg: LegId, clip: ClipId) {
        let Some((_, profile)) = self.leg_and_profile(leg) else { return };
        if profile.announce_names != AnnounceNames::Review {
            return self.keep_name(now, leg);
        }
        if let Some(naming) = self.naming(leg) {
            naming.review = true;
        }
        let sounds = [vec![clip.sound()], profile.sounds.of(Cue::ReviewName)].concat();
        self.say_at_once(now, leg, Kind::Review, sounds);
    }

    fn ask_again(&mut self, now: Instant, leg: LegId) {
        let Some(naming) = self.naming(leg) else { return };
        naming.review = false;
        let clip = naming.clip.take();
        self.interrupt(leg, Kind::Review);
        clip.into_iter().for_each(|clip| self.out.act(Action::ForgetClip { clip }));
        self.out.timers.clear(Reason::Entry(leg));
        self.prompt_name(now, leg);
    }

    fn keep_name(&mut self, now: Instant, leg: LegId) {
        let clip = self.naming(leg).and_then(|naming| naming.clip);
        if let Some(found) = self.legs.get_mut(&leg) {
            found.name = clip;
        }
        self.leave_naming(now, leg);
    }

    fn drop_name(&mut self, now: Instant, leg: LegId) {
        self.forget_naming(leg);
        self.leave_naming(now, leg);
    }

    fn leave_naming(&mut self, now: Instant, leg: LegId) {
        self.out.timers.clear(Reason::Entry(leg));
        if let Some(found) = self.legs.get_mut(&leg) {
            found.prompts.clear(&mut self.out);
        }
        self.name_given(now, leg);
    }

    /// Says the sounds at once. Returns whether there is anything to say.
    fn say_at_once(&mut self, now: Instant, leg: LegId, kind: Kind, sounds: Vec<String>) -> bool {
        let Some(found) = self.legs.get_mut(&leg) else { return false };
        found.prompts.say_now(now, &mut self.out, kind, sounds)
    }

    fn interrupt(&mut self, leg: LegId, kind: Kind) {
        if let Some(found) = self.legs.get_mut(&leg) {
            found.prompts.interrupt(&mut self.out, kind);
        }
    }
}
