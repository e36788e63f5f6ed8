//! What is configured: profiles, roles, routes and limits. Built by the config crate, checked here.

use std::collections::BTreeMap;

pub use audio::{Codec, InbandDtmf, Line, LoudGuard, Negotiation, Opus, Rate, Voice};
pub use cue::{Cue, UnknownCue};
pub use ends::Ends;
pub use flags::{ConferenceFlag, ConferenceFlags, MemberFlag, MemberFlags, UnknownFlag};
pub use invite::{
    CallList, CallerIdChoice, Confirmation, Dialling, InviteLimits, InvitePlan, NumberEntry, Outcall,
    OutcallLimits, Redial, Strategy,
};
pub use invite_sounds::{InviteCue, InviteSounds};
pub use lookup::{Decision, Lookup, OnFailure};
pub use network::{Network, NetworkError};
pub use profile::{AnnounceNames, PinRole, Profile};
pub use recording::{
    AutoRecord, PathPart, PathPattern, PathPatternError, Pause, RecordingFormat, RecordingPlan, Variable,
};
pub use role::{Rights, Role};
pub use room::DeclaredRoom;
pub use route::{Origin, Route, Users, Who};
pub use sounds::Sounds;
pub use validate::SettingsError;

mod audio;
mod cue;
mod ends;
mod flags;
mod invite;
mod invite_sounds;
mod lookup;
mod network;
mod profile;
mod recording;
mod role;
mod room;
mod route;
mod sounds;
mod validate;

/// All that [`crate::Conferences`] is told at start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// By name.
    pub profiles: BTreeMap<String, Profile>,
    /// By name.
    pub roles: BTreeMap<String, Role>,
    /// By name. A room that is not among them is made by its first caller.
    pub rooms: BTreeMap<String, DeclaredRoom>,
    /// The first that matches counts.
    pub routes: Vec<Route>,
    /// Who is called by one key, by name.
    pub lists: BTreeMap<String, CallList>,
    /// Whom routes may ask, by name.
    pub lookups: BTreeMap<String, Lookup>,
    /// Limits of calls that we place.
    pub outcalls: OutcallLimits,
    /// Calls at one time, of all kinds; a further one is refused with 503.
    pub max_legs: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profiles: BTreeMap::new(),
            roles: BTreeMap::new(),
            rooms: BTreeMap::new(),
            routes: Vec::new(),
            lists: BTreeMap::new(),
            lookups: BTreeMap::new(),
            outcalls: OutcallLimits::default(),
            max_legs: 10_000,
        }
    }
}

#[cfg(test)]
mod tests;
