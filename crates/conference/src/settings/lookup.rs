//! Calls whose room, role and PIN are decided elsewhere.

use std::time::Duration;

use super::flags::MemberFlags;
use crate::names::{Pin, RoomName};

/// Where one asks, and what happens without an answer. How it is asked is the driver's affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// Whom to ask.
    pub url: String,
    /// After this there was no answer.
    pub timeout: Duration,
    /// Without an answer.
    pub on_failure: OnFailure,
}

/// What becomes of a call whose look-up has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// It is refused with 503.
    #[default]
    Reject,
    /// It goes on as its route says.
    Continue,
}

/// What a look-up has answered; what is `None` stays as the route says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// The room.
    pub room: Option<RoomName>,
    /// The profile of the room, if this caller makes it.
    pub profile: Option<String>,
    /// His role.
    pub role: Option<String>,
    /// Asked for in place of the PINs of room and route; it gives no role.
    pub pin: Option<Pin>,
    /// Flags, beside those that he has.
    pub flags: MemberFlags,
    /// By which he is shown.
    pub name: Option<String>,
    /// The call is refused with this SIP status.
    pub reject: Option<u16>,
}
