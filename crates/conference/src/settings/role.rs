//! Roles: what a member may do.

use super::flags::MemberFlags;
use super::invite::InvitePlan;
use crate::keys::KeyMap;

/// What a member may do.
#[derive(Debug, Clone, Default)]
pub struct Role {
    /// The role's name.
    pub name: String,
    /// Caller controls and sequences; if there are none, those of the profile.
    pub keys: KeyMap,
    /// Flags, beside those of the profile.
    pub flags: MemberFlags,
    /// The language of his prompts; `None`: that of the profile.
    pub language: Option<String>,
    /// What he may do by SIP.
    pub rights: Rights,
    /// Speech is brought to this level, dBov; the outer `None`: as the profile says.
    pub agc: Option<Option<i8>>,
    /// Whether noise is taken out of the voice; `None`: as the profile says.
    pub denoise: Option<bool>,
    /// Who may invite, may invite so.
    pub invite: Option<InvitePlan>,
}

/// What a member may do by SIP (RFC 4579).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rights {
    /// Add others by REFER, within his number plan (§5.5).
    pub refer_add: bool,
    /// Remove others by REFER (§5.11).
    pub refer_remove: bool,
    /// Watch who is in the room (RFC 4575).
    pub subscribe: bool,
}
