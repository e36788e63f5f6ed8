//! What the conference is told.

use std::net::IpAddr;
use std::time::Duration;

use crate::action::{ClipId, InviteId, LegId, PlaybackId, RecordingId, ReferId, RoomId};
use crate::names::Pin;
use crate::settings::Decision;

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
    /// What [`crate::Action::LookUp`] has brought.
    LookedUp {
        /// The leg.
        leg: LegId,
        /// What was decided, or why nothing was.
        answer: Result<Decision, String>,
    },
    /// A new call takes the place of an old one (RFC 3891). It is answered in its place; the old leg is ended.
    Replaced {
        /// The leg that there is.
        old: LegId,
        /// Numbered by the caller of this function, below [`LegId::OUTGOING`].
        new: LegId,
        /// Who calls now.
        caller: Caller,
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
        /// What the other side said to it.
        release: Release,
    },
    /// Somebody asks to add somebody to a room, or to remove him (RFC 4579).
    Refer(Refer),
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
    /// The leg's audio passes the gate though it is muted.
    MutedTalk {
        /// The leg.
        leg: LegId,
    },
    /// The leg has the floor now: it is the one who talks. It keeps it in its pauses.
    Floor {
        /// The leg.
        leg: LegId,
        /// It has it from now on; if not, nobody has.
        on: bool,
    },
    /// The leg sends back what it is sent, or no longer does.
    Echo {
        /// The leg.
        leg: LegId,
        /// It does.
        on: bool,
        /// How late it comes back, ms.
        delay_ms: u16,
        /// How much softer it comes back, dB.
        loss_db: u8,
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
    /// A recording has its files.
    RecordingStarted {
        /// The recording.
        recording: RecordingId,
        /// The file of the mix.
        path: String,
    },
    /// The files of a recording are complete, or as complete as they will be.
    RecordingStopped {
        /// The recording.
        recording: RecordingId,
        /// Why it did not go on until it was stopped.
        error: Option<String>,
    },
    /// The disk was too slow: a recording has a gap.
    RecordingGap {
        /// The recording.
        recording: RecordingId,
        /// Length of the gap.
        lost: Duration,
    },
    /// What a leg said is kept.
    NameRecorded {
        /// The leg.
        leg: LegId,
        /// The clip, which can be played from now on.
        clip: ClipId,
        /// Its length without the silence around it; zero: nothing was said.
        length: Duration,
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
    /// The gateway that the call came through.
    pub gateway: Option<String>,
    /// The address of the peer.
    pub address: Option<IpAddr>,
    /// The PIN that came with the call (`X-ConfPin`); a wrong one counts like one that was typed.
    pub pin: Option<Pin>,
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

/// What was said when a call ended, as far as anything was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Release {
    /// The status of the final response.
    pub status: Option<u16>,
    /// The cause that a Reason header names (RFC 3326, Q.850).
    pub q850: Option<u16>,
}

/// A request to add somebody to a room, or to remove him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refer {
    /// Its id, in [`crate::Action::ReferResult`].
    pub refer: ReferId,
    /// The member who asks within his call.
    pub by: Option<LegId>,
    /// The authenticated user who asks outside of a call.
    pub user: Option<String>,
    /// The room; `None`: that of the member.
    pub room: Option<RoomId>,
    /// Who is to be added or removed.
    pub number: String,
    /// What is asked for.
    pub method: ReferMethod,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferMethod {
    /// To add somebody (RFC 4579 §5.5).
    Invite,
    /// To remove somebody (RFC 4579 §5.11).
    Bye,
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
    /// A look-up gives no answer.
    LookUp(LegId),
    /// Answer an incoming call.
    Answer(LegId),
    /// An outgoing call rings too long.
    Ring(LegId),
    /// An outgoing call lasts too long.
    Duration(LegId),
    /// Who answered an outgoing call does not confirm.
    Confirm(LegId),
    /// Whom an invite calls was busy, and is to be called again.
    Redial(InviteId),
    /// No further digit of a sequence came.
    Keys(LegId),
    /// No further digit of a number or a PIN came.
    Entry(LegId),
    /// A private prompt does not end.
    Prompt(LegId),
    /// A recording that failed is tried again.
    Record(RoomId),
    /// An announcement to a room does not end.
    Announcement(RoomId),
    /// Those have left long enough who keep the conference going.
    Grace(RoomId),
    /// Nobody has talked for too long.
    Silence(RoomId),
    /// The conference has lasted as long as it may, or is to be warned of that.
    Deadline(RoomId),
    /// Nobody has come back to an empty room.
    Linger(RoomId),
}
