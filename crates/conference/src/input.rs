//! What the conference is told.

use std::net::IpAddr;

use crate::action::{LegId, PlaybackId, RoomId};

/// Something that happened to a leg, a playback or a room. What concerns a leg that is gone is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// An incoming call, admitted before.
    Arrived {
        /// Numbered by the caller of this function, below [`LegId::OUTGOING`].
        leg: LegId,
        /// Who calls.
        caller: Caller,
        /// What he dialled.
        dialled: String,
    },
    /// An outgoing call rings.
    Ringing {
        /// The leg.
        leg: LegId,
    },
    /// An outgoing call was answered.
    Answered {
        /// The leg.
        leg: LegId,
    },
    /// An outgoing call was not answered. The leg is gone.
    Failed {
        /// The leg.
        leg: LegId,
        /// How it ended.
        outcome: Outcome,
    },
    /// A key, once, however it was sent.
    Digit {
        /// The leg.
        leg: LegId,
        /// `0-9 * # A-D`.
        digit: char,
    },
    /// The other side ended the call. The leg is gone.
    Left {
        /// The leg.
        leg: LegId,
    },
    /// Nothing came from the leg for too long, and its call was ended. The leg is gone.
    Lost {
        /// The leg.
        leg: LegId,
    },
    /// The phone put us on hold, or resumed.
    Held {
        /// The leg.
        leg: LegId,
        /// Held.
        on: bool,
    },
    /// The leg's audio began or ceased to pass the gate.
    Talking {
        /// The leg.
        leg: LegId,
        /// Talks.
        on: bool,
    },
    /// The leg was far too loud for too long, and the mixer has muted it for a while.
    TooLoud {
        /// The leg.
        leg: LegId,
    },
    /// A playback ran to its end.
    PlaybackDone {
        /// The playback.
        playback: PlaybackId,
    },
    /// A room's audio is gone.
    RoomFailed {
        /// The room.
        room: RoomId,
    },
    /// End all calls and take no new ones.
    Shutdown,
}

/// Who calls. Cleaned: nothing of it is ever interpreted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// His number.
    pub number: String,
    /// His display name.
    pub name: Option<String>,
    /// The user as which he is authenticated.
    pub user: Option<String>,
    /// The host or network that the call came from, if that tells callers apart; wrong PINs are counted by it.
    pub source: Option<IpAddr>,
}

/// How an outgoing call ended that was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 486, 600.
    Busy,
    /// 603 and other refusals by a person.
    Declined,
    /// 408, 480 after ringing.
    NoAnswer,
    /// Not registered, 404, no way to the gateway.
    Unreachable,
}

/// An incoming call that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The SIP status.
    pub status: u16,
    /// Why.
    pub why: &'static str,
}

/// What the next timeout is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Answer an incoming call.
    Answer(LegId),
    /// An outgoing call rings too long.
    Ring(LegId),
    /// An outgoing call lasts too long.
    Duration(LegId),
    /// No further digit of a sequence came.
    Keys(LegId),
    /// No further digit of a number or a PIN came.
    Entry(LegId),
    /// A private prompt does not end.
    Prompt(LegId),
    /// An announcement to a room does not end.
    Announcement(RoomId),
}
