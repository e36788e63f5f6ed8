//! What happened, for the log and for those who watch. `Display` gives one line.

use std::fmt;
use std::time::Duration;

use crate::action::{DialTarget, LegId};

/// Something that happened in the conferences.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A room has its first member.
    RoomCreated {
        /// The room's name.
        room: String,
        /// Its profile.
        profile: String,
    },
    /// A room has no member any more.
    RoomEnded {
        /// The room's name.
        room: String,
        /// Why.
        cause: RoomEndCause,
    },
    /// A member is in the mix.
    MemberJoined {
        /// The room's name.
        room: String,
        /// His leg.
        leg: LegId,
        /// His number.
        who: String,
        /// His role.
        role: String,
        /// Whether his role is a moderator's.
        moderator: bool,
        /// Whether he joined muted.
        muted: bool,
        /// Members now.
        size: usize,
    },
    /// A member is gone.
    MemberLeft {
        /// The room's name.
        room: String,
        /// His leg.
        leg: LegId,
        /// His number.
        who: String,
        /// Why.
        cause: LeaveCause,
        /// Members now.
        size: usize,
    },
    /// A member was muted or unmuted.
    Muted {
        /// The room's name.
        room: String,
        /// His number.
        who: String,
        /// Muted.
        on: bool,
    },
    /// A member hears nothing of the room, or hears it again.
    Deaf {
        /// The room's name.
        room: String,
        /// His number.
        who: String,
        /// Deaf.
        on: bool,
    },
    /// A member was far too loud, so that he is not heard for a while.
    TooLoud {
        /// The room's name.
        room: String,
        /// His number.
        who: String,
        /// For how long, ms.
        mute_ms: u16,
    },
    /// How loud others hear a member.
    TalkVolume {
        /// The room's name.
        room: String,
        /// His number.
        who: String,
        /// −4 … +4.
        step: i8,
    },
    /// How loud a member hears the room.
    ListenVolume {
        /// The room's name.
        room: String,
        /// His number.
        who: String,
        /// −4 … +4.
        step: i8,
    },
    /// A member's gate.
    Energy {
        /// The room's name.
        room: String,
        /// His number.
        who: String,
        /// 0 … 1800.
        level: u16,
    },
    /// A member began or ceased to talk.
    Talking {
        /// The room's name.
        room: String,
        /// His number.
        who: String,
        /// Talks.
        on: bool,
    },
    /// A member was put on hold by his phone, or resumed.
    Held {
        /// The room's name.
        room: String,
        /// His number.
        who: String,
        /// Held.
        on: bool,
    },
    /// A call into a room has a new state.
    Invite {
        /// The room's name.
        room: String,
        /// Who asked for it: the inviter, or the caller of the route.
        by: String,
        /// Whom it calls.
        target: DialTarget,
        /// The state.
        state: InviteState,
    },
    /// A call into a room was not placed.
    InviteRefused {
        /// The room's name.
        room: String,
        /// Who asked for it.
        by: String,
        /// What he typed.
        number: String,
        /// Why not.
        why: RefusalReason,
    },
    /// None of an outcall's targets joined.
    OutcallFailed {
        /// The room's name.
        room: String,
        /// The caller of the route.
        by: String,
    },
    /// A caller typed no PIN or a wrong one.
    PinFailed {
        /// The room's name.
        room: String,
        /// His number.
        who: String,
        /// Tries left.
        tries_left: u8,
    },
    /// A caller was refused because of the wrong PINs of his calls before.
    PinBlocked {
        /// The room's name.
        room: String,
        /// His number.
        who: String,
        /// For how long yet.
        remaining: Duration,
    },
    /// An incoming call was refused.
    CallRefused {
        /// What he dialled.
        dialled: String,
        /// His number.
        who: String,
        /// The SIP status.
        status: u16,
        /// Why.
        why: &'static str,
    },
}

/// Why a room ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomEndCause {
    /// The last member left.
    Empty,
    /// The one left with whom the conference ends.
    CallerLeft,
    /// Its audio failed.
    Failed,
    /// The server shuts down.
    Shutdown,
}

/// Why a member is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveCause {
    /// His phone ended the call.
    HungUp,
    /// He pressed the key for it.
    Key,
    /// The conference ended.
    Kicked,
    /// His invite was taken back.
    Cancelled,
    /// His call has lasted as long as it may.
    TimeLimit,
    /// The room's audio failed.
    Failed,
    /// The server shuts down.
    Shutdown,
    /// Nothing came from him for too long.
    Lost,
}

/// The states of a call into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InviteState {
    /// It is to be dialled.
    Queued,
    /// It rings.
    Ringing,
    /// It was answered.
    Answered,
    /// He is a member.
    Joined,
    /// He is busy.
    Busy,
    /// He does not want to.
    Declined,
    /// Nobody answered in time.
    NoAnswer,
    /// There is no way to him.
    Unreachable,
    /// It was taken back, or its room ended.
    Cancelled,
}

/// Why a call into a room was not placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The role's plan does not allow the number.
    NotInPlan,
    /// The number would call ourselves.
    Loop,
    /// As many invites of the member ring as may.
    PendingPerMember,
    /// The member has invited as often as he may for now.
    PerMember,
    /// The room has as many invited as it may.
    PerRoom,
    /// The gateway has as many calls as it may.
    PerGateway,
    /// The day has seen as many calls through gateways as it may.
    PerDay,
    /// He is in the room, or is being called into it.
    AlreadyHere,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoomCreated { room, profile } => write!(f, "room {room}: created, profile {profile}"),
            Self::RoomEnded { room, cause } => write!(f, "room {room}: ended, {cause}"),
            Self::MemberJoined { room, who, role, muted, size, .. } => {
                let muted = if *muted { ", muted" } else { "" };
                write!(f, "room {room}: {who} joined as {role}{muted}, {size} in the room")
            }
            Self::MemberLeft { room, who, cause, size, .. } => {
                write!(f, "room {room}: {who} left, {cause}, {size} in the room")
            }
            Self::Muted { room, who, on } => switched(f, room, who, "muted", *on),
            Self::Deaf { room, who, on } => switched(f, room, who, "deaf", *on),
            Self::Talking { room, who, on } => switched(f, room, who, "talking", *on),
            Self::Held { room, who, on } => switched(f, room, who, "on hold", *on),
            Self::TooLoud { room, who, mute_ms } => {
                write!(f, "room {room}: {who} is too loud and muted for {mute_ms} ms")
            }
            Self::TalkVolume { room, who, step } => write!(f, "room {room}: {who} talk volume {step:+}"),
            Self::ListenVolume { room, who, step } => write!(f, "room {room}: {who} listen volume {step:+}"),
            Self::Energy { room, who, level } => write!(f, "room {room}: {who} energy level {level}"),
            Self::Invite { room, by, target, state } => {
                write!(f, "room {room}: invite of {target} by {by}: {state}")
            }
            Self::InviteRefused { room, by, number, why } => {
                write!(f, "room {room}: invite of {number} by {by} refused: {why}")
            }
            Self::OutcallFailed { room, by } => {
                write!(f, "room {room}: nobody joined whom the call of {by} calls")
            }
            Self::PinFailed { room, who, tries_left } => {
                write!(f, "room {room}: {who} gave a wrong PIN, tries left: {tries_left}")
            }
            Self::PinBlocked { room, who, remaining } => {
                write!(f, "room {room}: {who} refused after wrong PINs, for {} s", remaining.as_secs())
            }
            Self::CallRefused { dialled, who, status, why } => {
                write!(f, "call of {who} to {dialled} refused with {status}: {why}")
            }
        }
    }
}

fn switched(f: &mut fmt::Formatter<'_>, room: &str, who: &str, what: &str, on: bool) -> fmt::Result {
    let not = if on { "" } else { "not " };
    write!(f, "room {room}: {who} {not}{what}")
}

impl fmt::Display for RoomEndCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the last member left",
            Self::CallerLeft => "its caller left",
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
            Self::Joined => "joined",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::NoAnswer => "no answer",
            Self::Unreachable => "unreachable",
            Self::Cancelled => "cancelled",
        })
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
            Self::AlreadyHere => "he is in the room or being called",
        })
    }
}
