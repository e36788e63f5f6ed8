//! What an inviter, and nobody else, hears of his invites.

use std::collections::BTreeMap;

/// Something that is told to an inviter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InviteCue {
    /// Asks for the number.
    Prompt,
    /// This is no number.
    Invalid,
    /// It rings there.
    Ringing,
    /// He has joined.
    Joined,
    /// He is busy.
    Busy,
    /// He is busy, and will be called again.
    Redial,
    /// He does not want to.
    Declined,
    /// Nobody answered.
    NoAnswer,
    /// There is no way to him.
    Unreachable,
    /// Somebody or something answered, but did not confirm: an answering machine.
    NotConfirmed,
    /// The number plan forbids the call.
    NotAllowed,
    /// A limit forbids the call.
    Limit,
    /// He is in the room already.
    AlreadyHere,
    /// Somebody else calls him already; how that ends will be told.
    AlreadyCalled,
    /// The invite was taken back.
    Cancelled,
    /// There is no invite to take back.
    NoneLeft,
    /// Before the numbers of the invites that are under way.
    Pending,
    /// No invite is under way.
    NonePending,
    /// There is no number to dial again.
    NoNumber,
}

impl InviteCue {
    /// All cues with the names they have in the configuration.
    pub const NAMES: [(Self, &'static str); 19] = [
        (Self::Prompt, "prompt-sound"),
        (Self::Invalid, "invalid-sound"),
        (Self::Ringing, "ringing-sound"),
        (Self::Joined, "joined-sound"),
        (Self::Busy, "busy-sound"),
        (Self::Redial, "redial-sound"),
        (Self::Declined, "declined-sound"),
        (Self::NoAnswer, "no-answer-sound"),
        (Self::Unreachable, "unreachable-sound"),
        (Self::NotConfirmed, "not-confirmed-sound"),
        (Self::NotAllowed, "not-allowed-sound"),
        (Self::Limit, "limit-sound"),
        (Self::AlreadyHere, "already-here-sound"),
        (Self::AlreadyCalled, "already-called-sound"),
        (Self::Cancelled, "cancelled-sound"),
        (Self::NoneLeft, "none-left-sound"),
        (Self::Pending, "pending-sound"),
        (Self::NonePending, "none-pending-sound"),
        (Self::NoNumber, "no-number-sound"),
    ];

    /// What is played if there is no sound for this one.
    fn otherwise(self) -> Option<Self> {
        match self {
            Self::Redial => Some(Self::Busy),
            Self::NotConfirmed => Some(Self::NoAnswer),
            Self::Limit | Self::AlreadyHere | Self::AlreadyCalled => Some(Self::NotAllowed),
            Self::NonePending | Self::NoNumber => Some(Self::NoneLeft),
            _ => None,
        }
    }
}

/// The sounds of an invite plan; without a sound nothing is played.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InviteSounds {
    sounds: BTreeMap<InviteCue, String>,
}

impl InviteSounds {
    /// What is played: the sound of the cue, or of the more general one that stands for it.
    pub fn sound(&self, cue: InviteCue) -> Option<&str> {
        let cues = std::iter::successors(Some(cue), |cue| cue.otherwise());
        cues.into_iter().find_map(|cue| self.sounds.get(&cue)).map(String::as_str)
    }

    /// The same, ready to be played.
    pub(crate) fn play(&self, cue: InviteCue) -> Vec<String> {
        self.sound(cue).map(str::to_owned).into_iter().collect()
    }
}

impl FromIterator<(InviteCue, String)> for InviteSounds {
    fn from_iter<I: IntoIterator<Item = (InviteCue, String)>>(sounds: I) -> Self {
        Self { sounds: sounds.into_iter().collect() }
    }
}
