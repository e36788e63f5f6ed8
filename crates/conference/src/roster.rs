//! Who is in a room, as plain data: for phones that watch it (RFC 4575), and for an API.

use std::time::{Duration, Instant};

use crate::action::{LegId, RoomId};
use crate::settings::MemberFlags;

/// A room and all who are in it, on their way into it, or called into it. Ghosts are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// The room.
    pub room: RoomId,
    /// Its name.
    pub name: String,
    /// Its profile.
    pub profile: String,
    /// What the profile says that it is.
    pub description: String,
    /// It takes only moderators.
    pub locked: bool,
    /// It is recorded.
    pub recording: bool,
    /// Members who count.
    pub size: usize,
    /// In the order of their legs.
    pub members: Vec<RosterMember>,
}

/// One of a [`Roster`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterMember {
    /// His leg; we called him if it is an outgoing one.
    pub leg: LegId,
    /// His number.
    pub number: String,
    /// His display name.
    pub name: Option<String>,
    /// The user as which he is authenticated, or was called.
    pub user: Option<String>,
    /// His role.
    pub role: String,
    /// All his flags.
    pub flags: MemberFlags,
    /// How far he is.
    pub state: RosterState,
    /// He moderates.
    pub moderator: bool,
    /// He is muted.
    pub muted: bool,
    /// He hears nothing of the room.
    pub deaf: bool,
    /// His phone has put us on hold.
    pub held: bool,
    /// He talks.
    pub talking: bool,
    /// He is the active speaker.
    pub floor: bool,
    /// He asks for the word.
    pub hand: bool,
    /// When he joined.
    pub joined: Option<Instant>,
    /// For how long he has talked.
    pub talk_time: Duration,
}

/// How far somebody is on his way into a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RosterState {
    /// He is being called.
    Calling,
    /// He has called, or answered, and is asked for a PIN, a name or a confirmation.
    Entering,
    /// He waits in front of the room.
    Waiting,
    /// He is a member.
    Joined,
    /// He hears a last prompt.
    Leaving,
}

/// What is kept at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Calls of all kinds.
    pub legs: usize,
    /// Rooms whose audio is open.
    pub rooms: usize,
    /// Calls into rooms, with all the attempts that belong to each.
    pub invites: usize,
    /// Timeouts that are armed.
    pub timers: usize,
    /// Playbacks whose end is awaited.
    pub playbacks: usize,
    /// Rooms of which wrong PINs are remembered.
    pub guessed_rooms: usize,
    /// Recordings whose end is awaited.
    pub recordings: usize,
}
