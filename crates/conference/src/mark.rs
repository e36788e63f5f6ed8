//! The time line of a recording: which events it tells, and what of them.

use crate::action::LegId;
use crate::event::{Event, MemberEvent, RecordingEvent, RoomEvent};

/// A line of a recording's time line, without the time: that is the position in the sound at which it arrives there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What happened: `join`, `leave`, `mute` and the like.
    pub what: &'static str,
    /// To which leg, whose track is named after it.
    pub leg: Option<LegId>,
    /// The number of that member.
    pub who: Option<String>,
    /// More about it.
    pub facts: Vec<(&'static str, Fact)>,
}

/// A value in a [`Mark`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Whether something is so from now on.
    Flag(bool),
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl From<bool> for Fact {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i64> for Fact {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Mark {
    /// Something that happened to the room.
    pub(crate) fn room(what: &'static str, facts: Vec<(&'static str, Fact)>) -> Self {
        Self { what, leg: None, who: None, facts }
    }

    /// Something that happened to a member.
    pub(crate) fn member(
        what: &'static str,
        leg: LegId,
        who: &str,
        facts: Vec<(&'static str, Fact)>,
    ) -> Self {
        Self { what, leg: Some(leg), who: Some(who.to_owned()), facts }
    }

    /// What the time line of its room tells of an event.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Room { what, .. } => of_room(what).map(|(what, facts)| Self::room(what, facts)),
            Event::Member { leg, who, what, .. } => {
                of_member(what).map(|(what, facts)| Self::member(what, *leg, who, facts))
            }
            _ => None,
        }
    }
}

type Told = (&'static str, Vec<(&'static str, Fact)>);

fn of_room(event: &RoomEvent) -> Option<Told> {
    Some(match event {
        RoomEvent::Ended(cause) => ("end", vec![("cause", cause.to_string().as_str().into())]),
        RoomEvent::Locked(on) => ("lock", on_off(*on)),
        RoomEvent::Recording { what: RecordingEvent::Paused(on), .. } => ("pause", on_off(*on)),
        _ => return None,
    })
}

/// A key that is sent on to all is told, but not which: it may be a digit of a card or a PIN.
fn of_member(event: &MemberEvent) -> Option<Told> {
    Some(match event {
        MemberEvent::Joined { role, moderator, muted, .. } => (
            "join",
            vec![
                ("role", role.as_str().into()),
                ("moderator", (*moderator).into()),
                ("muted", (*muted).into()),
            ],
        ),
        MemberEvent::Left { cause, .. } => ("leave", vec![("cause", cause.to_string().as_str().into())]),
        MemberEvent::Muted(on) => ("mute", on_off(*on)),
        MemberEvent::Deaf(on) => ("deaf", on_off(*on)),
        MemberEvent::Held(on) => ("hold", on_off(*on)),
        MemberEvent::Talking(on) => ("talk", on_off(*on)),
        MemberEvent::Floor(on) => ("speaker", on_off(*on)),
        MemberEvent::Hand(on) => ("hand", on_off(*on)),
        MemberEvent::TooLoud { mute_ms } => ("too-loud", vec![("mute_ms", i64::from(*mute_ms).into())]),
        MemberEvent::TalkVolume(step) => ("volume", vec![("step", i64::from(*step).into())]),
        MemberEvent::Digit(_) => ("key", Vec::new()),
        MemberEvent::Replaced { by } => ("replaced", vec![("by", (by.0 as i64).into())]),
        _ => return None,
    })
}

fn on_off(on: bool) -> Vec<(&'static str, Fact)> {
    vec![("on", on.into())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_key_was_pressed_is_hidden() {
        let what = MemberEvent::Digit('7');
        let event = Event::Member { room: "r".into(), leg: LegId(1), who: "1001".into(), what };
        assert_eq!(Mark::of(&event), Some(Mark::member("key", LegId(1), "1001", Vec::new())));
    }

    #[test]
    fn every_kind_of_line_has_a_name_of_its_own() {
        let of = |what| of_member(&what).map(|(what, _)| what);
        let on = [
            MemberEvent::Muted(true),
            MemberEvent::Deaf(true),
            MemberEvent::Held(true),
            MemberEvent::Talking(true),
            MemberEvent::Floor(true),
            MemberEvent::Hand(true),
        ];
        let names = on.map(|what| of(what).unwrap_or_default());
        assert_eq!(names, ["mute", "deaf", "hold", "talk", "speaker", "hand"]);
    }

    #[test]
    fn who_is_not_in_the_room_is_not_told_of() {
        let what = MemberEvent::PinFailed { tries_left: 2 };
        let event = Event::Member { room: "r".into(), leg: LegId(1), who: "1001".into(), what };
        assert_eq!(Mark::of(&event), None);
    }
}
