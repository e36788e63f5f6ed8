//! What happened, for the log and for those who watch. `Display` gives one line.

mod text;

use std::time::Duration;

use crate::action::{DialTarget, InviteId, LegId};
use crate::input::Release;

/// Something that happened in the conferences.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// To a room.
    Room {
        /// The room's name.
        room: String,
        /// What.
        what: RoomEvent,
    },
    /// To a member, or to one who wants to be a member.
    Member {
        /// The room's name.
        room: String,
        /// His leg.
        leg: LegId,
        /// His number.
        who: String,
        /// What.
        what: MemberEvent,
    },
    /// A call into a room has a new state.
    Invite {
        /// The room's name.
        room: String,
        /// Who asked for it: the inviter, or the caller of the route.
        by: String,
        /// Which; all calls of a hunt list, and those that are repeated, belong to one.
        invite: InviteId,
        /// The call, if there is one at present.
        leg: Option<LegId>,
        /// Whom it calls.
        target: DialTarget,
        /// The state.
        state: InviteState,
        /// From 1; above it, whom it calls was busy before.
        attempt: u8,
        /// What the other side said, if it ended the call.
        release: Release,
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
    /// None of those joined whom a call of a route, or a hunt list, calls.
    OutcallFailed {
        /// The room's name.
        room: String,
        /// Who asked for it: the inviter, or the caller of the route.
        by: String,
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
    /// A look-up gave no answer.
    LookUpFailed {
        /// Its name.
        lookup: String,
        /// Who calls.
        who: String,
        /// Why.
        why: String,
    },
}

impl Event {
    /// The name of the room that it happened in.
    pub fn room(&self) -> Option<&str> {
        match self {
            Self::Room { room, .. } | Self::Member { room, .. } => Some(room),
            _ => None,
        }
    }
}

/// What happens to a room.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomEvent {
    /// It has its first member.
    Created {
        /// Its profile.
        profile: String,
    },
    /// It has no member any more, and whatever there was is over.
    Ended(RoomEndCause),
    /// It takes nobody any more, or takes callers again.
    Locked(bool),
    /// It will end.
    Ending {
        /// So long from now.
        within: Duration,
        /// Why.
        cause: RoomEndCause,
    },
    /// It will not end as was told.
    Spared,
    /// Who may speak.
    Mode(FloorMode),
    /// All but the moderators were muted or unmuted.
    ParticipantsMuted(bool),
    /// Who comes and goes is told, or no longer.
    EntryTones(bool),
    /// Who is alone hears music, or no longer.
    Music(bool),
    /// To its recording.
    Recording {
        /// What.
        what: RecordingEvent,
        /// The number of who asked for it by key.
        by: Option<String>,
    },
}

/// What happens to a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordingEvent {
    /// It has its files.
    Started {
        /// The file of the mix.
        path: String,
    },
    /// It is interrupted, or goes on.
    Paused(bool),
    /// The disk was too slow, and so much is missing.
    Gap(Duration),
    /// It is over.
    Stopped {
        /// Why it did not go on until it was stopped.
        error: Option<String>,
    },
}

/// What happens to a member, or to one who wants to be a member.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemberEvent {
    /// He is in the mix.
    Joined {
        /// His role.
        role: String,
        /// Whether he moderates.
        moderator: bool,
        /// Whether he joined muted.
        muted: bool,
        /// Whether he is a ghost, whom nobody is to be shown.
        ghost: bool,
        /// Members now.
        size: usize,
    },
    /// He is gone.
    Left {
        /// Why.
        cause: LeaveCause,
        /// Members now.
        size: usize,
    },
    /// He waits for somebody, or no longer.
    Waiting(bool),
    /// He was muted or unmuted.
    Muted(bool),
    /// He hears nothing of the room, or hears it again.
    Deaf(bool),
    /// He was far too loud, so that he is not heard for a while.
    TooLoud {
        /// For how long, ms.
        mute_ms: u16,
    },
    /// How loud others hear him: −4 … +4.
    TalkVolume(i8),
    /// How loud he hears the room: −4 … +4.
    ListenVolume(i8),
    /// His gate: 0 … 1800.
    Energy(u16),
    /// He began or ceased to talk.
    Talking(bool),
    /// How much he has talked; with the end of each talk, if he has the flag for it.
    TalkTime {
        /// This talk.
        last: Duration,
        /// All his talks.
        total: Duration,
        /// How many they were.
        talks: u32,
        /// Since he joined.
        present: Duration,
    },
    /// He talks though he is muted.
    MutedTalk,
    /// He was put on hold by his phone, or resumed.
    Held(bool),
    /// He wanted to go on to another room, but is not let in there.
    NotTransferred {
        /// What he dialled.
        number: String,
        /// The SIP status that a call would have got.
        status: u16,
    },
    /// He asks for the word, or no longer.
    Hand(bool),
    /// He pressed keys that tell an event of this name.
    Key(String),
    /// He is the active speaker, or is it no more.
    Floor(bool),
    /// He sends back what he is sent, or does so no more.
    Echo {
        /// He does.
        on: bool,
        /// How late it comes back, ms.
        delay_ms: u16,
        /// How much softer it comes back, dB.
        loss_db: u8,
    },
    /// He pressed a key that is sent on to the others.
    Digit(char),
    /// He typed no PIN or a wrong one.
    PinFailed {
        /// Tries left.
        tries_left: u8,
    },
    /// He was refused because of the wrong PINs of his calls before.
    PinBlocked {
        /// For how long yet.
        remaining: Duration,
    },
    /// He was not let in because there is no conference yet.
    RejectedJoinOnly,
    /// His call was taken over by another one of his.
    Replaced {
        /// The new leg.
        by: LegId,
    },
}

/// Who may speak in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FloorMode {
    /// All.
    #[default]
    Discussion,
    /// Moderators, and who was given the word.
    Question,
    /// Moderators.
    Lecture,
}

impl MemberEvent {
    /// Whether a [`crate::Roster`] is another one by it, but for who talks and how loud.
    pub(crate) fn shows_in_roster(&self) -> bool {
        use MemberEvent::{Deaf, Hand, Held, Joined, Left, Muted, Replaced, Waiting};
        matches!(
            self,
            Joined { .. }
                | Left { .. }
                | Waiting(_)
                | Muted(_)
                | Deaf(_)
                | Held(_)
                | Hand(_)
                | Replaced { .. }
        )
    }
}

/// Why a room ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomEndCause {
    /// The last member left.
    Empty,
    /// The one left with whom the conference ends.
    CallerLeft,
    /// The last moderator left, or whoever else it takes, and the grace time is over.
    ModeratorsLeft,
    /// A moderator ended it by key.
    Key,
    /// Fewer than two were left.
    Alone,
    /// Nobody has talked for too long.
    Silence,
    /// It has lasted as long as it may.
    TimeLimit,
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
    /// He went on to another room.
    Transferred,
    /// He waits again in front of the room, since his leader has left.
    SentBack,
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
    /// Who answered is asked to confirm that he wants to join.
    Confirming,
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
    /// A limit forbids the call.
    NotAllowed,
    /// Somebody or something answered, but did not confirm.
    NotConfirmed,
    /// He was busy, and will be called again.
    Redialling,
    /// It was taken back, or another call of the invite was answered first, or its room ended.
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
    /// He is in the room.
    AlreadyHere,
    /// He is being called into the room already; who asks is told how that ends.
    AlreadyCalled,
    /// There is no list of this name.
    NoList,
}
