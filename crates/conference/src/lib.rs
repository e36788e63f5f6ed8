//! The conference brain: rooms, members, roles, key maps, PINs, invites and which prompt plays when.
//!
//! It speaks of legs (one call's media and signalling with us), digits and sounds by plain ids and names,
//! and knows neither SIP nor RTP. [`Conferences`] is handed an [`Input`] and the time `now`, and is then
//! polled for [`Action`]s (what is to be done), [`Event`]s (what is to be told) and the next timeout. The
//! same inputs give the same outputs.

mod action;
mod conferences;
mod event;
mod input;
mod keys;
mod leg;
mod limits;
mod member;
mod names;
mod outbox;
mod pin_guard;
mod plan;
mod prompts;
mod room;
mod settings;
mod timers;

pub use action::{Action, CallerId, Cause, Control, DialTarget, LegId, Listener, PlaybackId, RoomId};
pub use conferences::Conferences;
pub use event::{Event, InviteState, LeaveCause, RefusalReason, RoomEndCause};
pub use input::{Caller, Input, Outcome, Reason, Refused};
pub use keys::{KeyAction, KeyMap, KeyMapError, Matcher, UnknownAction};
pub use names::{Pin, PinError, RoomName, RoomNameError, RoomTemplate};
pub use plan::{Destination, NumberPlan, Pattern, PatternError};
pub use settings::{
    CallerIdChoice, Codec, InbandDtmf, InviteLimits, InvitePlan, InviteSounds, Line, LoudGuard, Negotiation,
    NumberEntry, Opus, Outcall, OutcallLimits, Profile, Rate, Role, Route, Settings, SettingsError, Sounds,
    Voice, Who,
};
