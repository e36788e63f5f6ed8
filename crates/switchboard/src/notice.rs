//! What deserves a line in the log: one clean line each.

use std::fmt;

use confab_conference::{LegId, RecordingEvent, RoomEvent};
use confab_sip::{Event, PlaceError};

use crate::quality::{LineName, LineQuality};

/// Something that happened, for the log.
#[derive(Debug)]
pub enum Notice {
    /// A room, a member or an invite changed.
    Conference(confab_conference::Event),
    /// A registration, a gateway or a refusal.
    Sip(confab_sip::Event),
    /// A call could not even be tried.
    NotPlaced {
        /// Which leg.
        leg: LegId,
        /// Why.
        error: PlaceError,
    },
    /// Every port pair of `media.ports` is in use.
    PortsExhausted,
    /// There is no time for another leg.
    NoTime {
        /// Who calls, or is to be called.
        who: Box<str>,
        /// Whether it is only his room that is full.
        room_only: bool,
    },
    /// Nothing has come from a leg for a long time: it is asked whether it is there.
    Silent {
        /// The leg's room and number.
        name: Box<str>,
        /// For how long, ms.
        for_ms: u64,
    },
    /// A silent leg does not answer, or never speaks: its call is ended.
    LineDead {
        /// The leg's room and number.
        name: Box<str>,
        /// For how long it was silent, ms.
        for_ms: u64,
    },
    /// A line is choppy.
    Choppy {
        /// Whose.
        name: LineName,
        /// What was measured, and why.
        line: Box<LineQuality>,
    },
    /// A leg is gone: what its line was like.
    LineOver {
        /// Whose.
        name: LineName,
        /// What was measured.
        line: Box<LineQuality>,
    },
}

impl Notice {
    /// Whether an operator should look at it.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::PortsExhausted | Self::NotPlaced { .. } | Self::Choppy { .. } | Self::LineDead { .. } => {
                true
            }
            Self::Sip(event) => matches!(event, Event::Refused { .. }),
            Self::Conference(confab_conference::Event::Room {
                what: RoomEvent::Recording { what, .. },
                ..
            }) => matches!(what, RecordingEvent::Gap(_) | RecordingEvent::Stopped { error: Some(_) }),
            _ => false,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conference(event) => event.fmt(f),
            Self::Sip(event) => sip_line(event, f),
            Self::NotPlaced { leg, error } => write!(f, "leg {} not called: {error}", leg.0),
            Self::PortsExhausted => f.write_str("no audio ports left: raise media.ports"),
            Self::NoTime { who, room_only: true } => {
                write!(f, "{who} is not taken: the core on which the room lives is full")
            }
            Self::NoTime { who, room_only: false } => write!(f, "{who} is not taken: every core is full"),
            Self::Silent { name, for_ms } => {
                write!(f, "{name}: nothing has come for {} s: is it there?", for_ms / 1000)
            }
            Self::LineDead { name, for_ms } => {
                write!(f, "{name}: nothing has come for {} s: its call is ended", for_ms / 1000)
            }
            Self::Choppy { name, line } => write!(f, "{name}: {line}"),
            Self::LineOver { name, line } => write!(f, "{name}: its line was: {line}"),
        }
    }
}

fn sip_line(event: &Event, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match event {
        Event::Registered { user, contact, source, expires } => {
            write!(f, "user {user} registered {contact} from {source} for {} s", expires.as_secs())
        }
        Event::Unregistered { user, contact, expired: true } => {
            write!(f, "user {user} lost {contact}: it expired")
        }
        Event::Unregistered { user, contact, expired: false } => {
            write!(f, "user {user} unregistered {contact}")
        }
        Event::GatewayState { gateway, up, status } => {
            write!(f, "gateway {gateway} is {}", if *up { "up" } else { "down" })?;
            status.map_or(Ok(()), |status| write!(f, " ({status})"))
        }
        Event::Refused { source, method, status: 0, why } => {
            write!(f, "{method} from {source} dropped: {why}")
        }
        Event::Refused { source, method, status, why } => {
            write!(f, "{method} from {source} refused with {status}: {why}")
        }
        other => write!(f, "{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_that_fails_or_has_a_gap_is_a_warning() {
        let is_warning = |what| {
            let what = RoomEvent::Recording { what, by: None };
            Notice::Conference(confab_conference::Event::Room { room: "r".into(), what }).is_warning()
        };
        assert!(is_warning(RecordingEvent::Stopped { error: Some("the disk is full".into()) }));
        assert!(is_warning(RecordingEvent::Gap(std::time::Duration::from_secs(1))));
        assert!(!is_warning(RecordingEvent::Stopped { error: None }));
        assert!(!is_warning(RecordingEvent::Started { path: "/r/x.wav".into() }));
    }
}
