//! Events as lines of text.

use std::fmt;

use crate::input::Release;

use super::{
    Event, FloorMode, InviteState, LeaveCause, MemberEvent, RecordingEvent, RefusalReason, RoomEndCause,
    RoomEvent,
};

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room { room, what } => write!(f, "room {room}: {what}"),
            Self::Member { room, who, what, .. } => write!(f, "room {room}: {who} {what}"),
            Self::Invite { room, by, target, state, attempt, release, .. } => {
                write!(f, "room {room}: invite of {target} by {by}: {state}{release}")?;
                if *attempt > 1 { write!(f, ", attempt {attempt}") } else { Ok(()) }
            }
            Self::InviteRefused { room, by, number, why } => {
                write!(f, "room {room}: invite of {number} by {by} refused: {why}")
            }
            Self::OutcallFailed { room, by } => {
                write!(f, "room {room}: nobody joined whom the call of {by} calls")
            }
            Self::CallRefused { dialled, who, status, why } => {
                write!(f, "call of {who} to {dialled} refused with {status}: {why}")
            }
            Self::LookUpFailed { lookup, who, why } => {
                write!(f, "look-up {lookup} for the call of {who} failed: {why}")
            }
        }
    }
}

impl fmt::Display for RoomEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created { profile } => write!(f, "created, profile {profile}"),
            Self::Ended(cause) => write!(f, "ended, {cause}"),
            Self::Locked(on) => f.write_str(if *on { "locked" } else { "unlocked" }),
            Self::Ending { within, cause } => write!(f, "ends in {} s, {cause}", within.as_secs()),
            Self::Spared => f.write_str("goes on"),
            Self::Mode(mode) => write!(f, "{mode}"),
            Self::ParticipantsMuted(true) => f.write_str("all but the moderators are muted"),
            Self::EntryTones(on) => write!(f, "entry tones {}", if *on { "on" } else { "off" }),
            Self::Music(on) => write!(f, "music {}", if *on { "on" } else { "off" }),
            Self::ParticipantsMuted(false) => f.write_str("all but the moderators are unmuted"),
            Self::Recording { what, by: None } => write!(f, "recording {what}"),
            Self::Recording { what, by: Some(by) } => write!(f, "recording {what}, by {by}"),
        }
    }
}

impl fmt::Display for MemberEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined { role, muted, size, .. } => {
                let muted = if *muted { ", muted" } else { "" };
                write!(f, "joined as {role}{muted}, {size} in the room")
            }
            Self::Left { cause, size } => write!(f, "left, {cause}, {size} in the room"),
            Self::Waiting(on) => switched(f, "waiting", *on),
            Self::Muted(on) => switched(f, "muted", *on),
            Self::Deaf(on) => switched(f, "deaf", *on),
            Self::Talking(on) => switched(f, "talking", *on),
            Self::Held(on) => switched(f, "on hold", *on),
            Self::Floor(on) => switched(f, "the active speaker", *on),
            Self::Echo { on: true, delay_ms, loss_db } => {
                write!(f, "sends back what he is sent, {delay_ms} ms late and {loss_db} dB softer")
            }
            Self::Echo { .. } => f.write_str("sends back nothing any more"),
            Self::MutedTalk => f.write_str("talks though muted"),
            Self::NotTransferred { number, status } => {
                write!(f, "is not transferred to {number}: {status}")
            }
            Self::TalkTime { last, total, talks, present } => {
                let (last, total) = (last.as_millis(), total.as_millis());
                write!(f, "talked for {last} ms, {total} ms in {talks} talks in {} s", present.as_secs())
            }
            Self::TooLoud { mute_ms } => write!(f, "is too loud and muted for {mute_ms} ms"),
            Self::TalkVolume(step) => write!(f, "talk volume {step:+}"),
            Self::ListenVolume(step) => write!(f, "listen volume {step:+}"),
            Self::Energy(level) => write!(f, "energy level {level}"),
            Self::Hand(true) => f.write_str("asks for the word"),
            Self::Hand(false) => f.write_str("asks for the word no more"),
            Self::Key(name) => write!(f, "tells the event `{name}` by key"),
            Self::Digit(digit) => write!(f, "sends the key {digit} to all"),
            Self::PinFailed { tries_left } => write!(f, "gave a wrong PIN, tries left: {tries_left}"),
            Self::PinBlocked { remaining } => {
                write!(f, "refused after wrong PINs, for {} s", remaining.as_secs())
            }
            Self::RejectedJoinOnly => f.write_str("refused: there is no conference yet"),
            Self::Replaced { by } => write!(f, "goes on in another call ({})", by.0),
        }
    }
}

impl fmt::Display for RecordingEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { path } => write!(f, "started: {path}"),
            Self::Paused(on) => f.write_str(if *on { "paused" } else { "goes on" }),
            Self::Gap(lost) => write!(f, "has a gap of {} ms: the disk is too slow", lost.as_millis()),
            Self::Stopped { error: None } => f.write_str("stopped"),
            Self::Stopped { error: Some(error) } => write!(f, "stopped: {error}"),
        }
    }
}

fn switched(f: &mut fmt::Formatter<'_>, what: &str, on: bool) -> fmt::Result {
    let not = if on { "" } else { "not " };
    write!(f, "{not}{what}")
}

impl fmt::Display for FloorMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discussion => "discussion: all may speak",
            Self::Question => "questions: moderators speak, and who is given the word",
            Self::Lecture => "lecture: only moderators speak",
        })
    }
}

impl fmt::Display for RoomEndCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the last member left",
            Self::CallerLeft => "its caller left",
            Self::ModeratorsLeft => "nobody is left who leads it",
            Self::Key => "by key",
            Self::Alone => "fewer than two were left",
            Self::Silence => "nobody talked",
            Self::TimeLimit => "time limit",
            Self::Failed => "its audio failed",
            Self::Shutdown => "the server shuts down",
        })
    }
}

impl fmt::Display for LeaveCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HungUp => "hung up",
            Self::Key => "by key",
            Self::Kicked => "kicked",
            Self::Cancelled => "taken back",
            Self::TimeLimit => "time limit",
            Self::Lost => "line dead",
            Self::SentBack => "waits for a leader",
            Self::Transferred => "transferred",
            Self::Failed => "room failed",
            Self::Shutdown => "shutdown",
        })
    }
}

impl fmt::Display for InviteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Confirming => "confirming",
            Self::Joined => "joined",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::NoAnswer => "no answer",
            Self::Unreachable => "unreachable",
            Self::NotAllowed => "not allowed",
            Self::NotConfirmed => "answered, but not confirmed",
            Self::Redialling => "busy, will be called again",
            Self::Cancelled => "cancelled",
        })
    }
}

impl fmt::Display for Release {
    /// In parentheses, or nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.status, self.q850) {
            (None, None) => Ok(()),
            (Some(status), None) => write!(f, " ({status})"),
            (None, Some(q850)) => write!(f, " (Q.850 {q850})"),
            (Some(status), Some(q850)) => write!(f, " ({status}, Q.850 {q850})"),
        }
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotInPlan => "not allowed by the number plan",
            Self::Loop => "it would call this server",
            Self::PendingPerMember => "too many invites of the member ring",
            Self::PerMember => "too many invites of the member",
            Self::PerRoom => "too many invited in the room",
            Self::PerGateway => "too many calls through the gateway",
            Self::PerDay => "too many calls through gateways in 24 hours",
            Self::AlreadyHere => "he is in the room",
            Self::AlreadyCalled => "he is being called",
            Self::NoList => "there is no such list",
        })
    }
}
