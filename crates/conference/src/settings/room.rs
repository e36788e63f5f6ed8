//! Rooms that are declared.

use super::profile::Profile;

/// A room with ways of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeclaredRoom {
    /// A profile with the room's own values in it. It counts in place of the one that a route names.
    pub profile: Profile,
}
