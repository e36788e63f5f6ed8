//! The conference brain: rooms, members, roles, key maps, PINs, invites and which prompt plays when.
//!
//! It speaks of legs (one call's media and signalling with us), digits and sounds by plain ids and names,
//! and knows neither SIP nor RTP. [`Conferences`] is handed an [`Input`] and the time `now`, and is then
//! polled for [`Action`]s (what is to be done), [`Event`]s (what is to be told) and the next timeout. The
//! same inputs give the same outputs.

mod action;
mod announcer;
mod conferences;
mod debate;
mod entry;
mod event;
mod input;
mod invite;
mod keys;
mod leg;
mod limits;
mod mark;
mod member;
mod names;
mod outbox;
mod phrases;
mod pin_guard;
mod plan;
mod prompts;
mod recordings;
mod room;
mod roster;
mod settings;
mod talk;
mod timers;

pub use action::{
    Action, CallerId, Cause, ClipId, Control, DialTarget, EchoPolicy, InviteId, LegId, Listener, PlaybackId,
    RecordingId, ReferId, RoomId,
};
pub use conferences::Conferences;
pub use event::{
    Event, FloorMode, InviteState, LeaveCause, MemberEvent, RecordingEvent, RefusalReason, RoomEndCause,
    RoomEvent,
};
pub use input::{Caller, Input, Outcome, Reason, Refer, ReferMethod, Refused, Release};
pub use keys::{KeyAction, KeyMap, KeyMapError, Matcher, Right, UnknownAction};
pub use mark::{Fact, Mark};
pub use names::{Pin, PinError, RoomName, RoomNameError, RoomTemplate};
pub use plan::{Destination, NumberPlan, Pattern, PatternError, PlanEntry};
pub use roster::{Load, Roster, RosterMember, RosterState};
pub use settings::{
    AnnounceNames, AutoRecord, CallList, CallerIdChoice, Codec, ConferenceFlag, ConferenceFlags,
    Confirmation, Cue, Decision, DeclaredRoom, Dialling, Ends, InbandDtmf, InviteCue, InviteLimits,
    InvitePlan, InviteSounds, Line, Lookup, LoudGuard, MemberFlag, MemberFlags, Negotiation, Network,
    NetworkError, NumberEntry, OnFailure, Opus, Origin, Outcall, OutcallLimits, PathPart, PathPattern,
    PathPatternError, Pause, PinRole, Profile, Rate, RecordingFormat, RecordingPlan, Redial, Rights, Role,
    Route, Settings, SettingsError, Sounds, Strategy, UnknownCue, UnknownFlag, Users, Variable, Voice, Who,
};
