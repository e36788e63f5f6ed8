//! Flags of members and of conferences, by FreeSWITCH's names where it has them, else by Asterisk's.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The flags of a member: those of his profile, his role, his route and his PIN together.
pub type MemberFlags = BTreeSet<MemberFlag>;

/// The flags of a conference.
pub type ConferenceFlags = BTreeSet<ConferenceFlag>;

/// How one member is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberFlag {
    /// He joins muted.
    Mute,
    /// He joins hearing nothing of the room.
    Deaf,
    /// He is told when he talks though he is muted.
    MuteDetect,
    /// His keys are sent on to the others.
    DistDtmf,
    /// His keys do nothing.
    SkipDtmf,
    /// He moderates: others may wait for him, he waits for nobody, a full or locked room takes him.
    Moderator,
    /// No music for him while he is alone or waits.
    NoMoh,
    /// When the last member with this flag has left, the conference ends after the grace time.
    EndConf,
    /// When he leaves, the conference ends at once.
    MandatoryMemberEndConf,
    /// From his coming on the conference ends when it has fewer than two members.
    MinTwo,
    /// He hears and is heard, but is neither counted nor shown nor announced.
    Ghost,
    /// He joins a conference that goes on, and makes none.
    JoinOnly,
    /// His share of the talk is told with the end of each talk.
    TalkDataEvents,
    /// Others may wait for him, and end with him.
    Marked,
    /// He waits, hearing music, until a marked member is there.
    WaitMarked,
    /// He is put out when the last marked member leaves.
    EndMarked,
    /// He is put out when any marked member leaves.
    EndMarkedAny,
    /// His coming and going is not announced.
    Quiet,
    /// He need not wait in a lobby.
    SkipLobby,
}

impl MemberFlag {
    /// All flags with the names they have in the configuration.
    pub const NAMES: [(Self, &'static str); 19] = [
        (Self::Mute, "mute"),
        (Self::Deaf, "deaf"),
        (Self::MuteDetect, "mute-detect"),
        (Self::DistDtmf, "dist-dtmf"),
        (Self::SkipDtmf, "skip-dtmf"),
        (Self::Moderator, "moderator"),
        (Self::NoMoh, "nomoh"),
        (Self::EndConf, "endconf"),
        (Self::MandatoryMemberEndConf, "mandatory_member_endconf"),
        (Self::MinTwo, "mintwo"),
        (Self::Ghost, "ghost"),
        (Self::JoinOnly, "join-only"),
        (Self::TalkDataEvents, "talk-data-events"),
        (Self::Marked, "marked"),
        (Self::WaitMarked, "wait_marked"),
        (Self::EndMarked, "end_marked"),
        (Self::EndMarkedAny, "end_marked_any"),
        (Self::Quiet, "quiet"),
        (Self::SkipLobby, "skip-lobby"),
    ];
}

/// How a conference is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConferenceFlag {
    /// Members hear music, and not each other, until a moderator is there.
    WaitMod,
    /// With `wait-mod`: they wait again whenever the last moderator has left, and not only for the first one.
    PermanentWaitMod,
    /// Nobody is gated: all that members send is mixed.
    AudioAlways,
    /// A recording that was stopped by a fault or by key begins anew.
    RestartAutoRecord,
    /// Every member may watch who is in the room (RFC 4579), and every user who may dial it; else those only whose
    /// roles say so.
    Rfc4579,
    /// Whoever is no moderator waits until a moderator admits him.
    Lobby,
    /// Who comes to the locked room waits until a moderator admits him.
    Knock,
}

impl ConferenceFlag {
    /// All flags with the names they have in the configuration.
    pub const NAMES: [(Self, &'static str); 7] = [
        (Self::WaitMod, "wait-mod"),
        (Self::PermanentWaitMod, "permanent-wait-mod"),
        (Self::AudioAlways, "audio-always"),
        (Self::RestartAutoRecord, "restart-auto-record"),
        (Self::Rfc4579, "rfc-4579"),
        (Self::Lobby, "lobby"),
        (Self::Knock, "knock"),
    ];
}

/// There is no flag of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no flag `{name}`; the flags are: {}", known.join(", "))]
pub struct UnknownFlag {
    /// As written.
    pub name: String,
    /// All that there are.
    pub known: Vec<&'static str>,
}

impl FromStr for MemberFlag {
    type Err = UnknownFlag;

    fn from_str(name: &str) -> Result<Self, UnknownFlag> {
        by_name(&Self::NAMES, name)
    }
}

impl FromStr for ConferenceFlag {
    type Err = UnknownFlag;

    fn from_str(name: &str) -> Result<Self, UnknownFlag> {
        by_name(&Self::NAMES, name)
    }
}

impl fmt::Display for MemberFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name_of(&Self::NAMES, *self))
    }
}

impl fmt::Display for ConferenceFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name_of(&Self::NAMES, *self))
    }
}

/// As in FreeSWITCH `-` and `_` are one.
fn by_name<F: Copy>(names: &[(F, &'static str)], name: &str) -> Result<F, UnknownFlag> {
    let plain = |name: &str| name.replace('_', "-");
    let found = names.iter().find(|(_, known)| plain(known) == plain(name));
    let unknown =
        || UnknownFlag { name: name.to_owned(), known: names.iter().map(|(_, name)| *name).collect() };
    found.map(|(flag, _)| *flag).ok_or_else(unknown)
}

fn name_of<F: PartialEq>(names: &[(F, &'static str)], flag: F) -> &'static str {
    names.iter().find(|(known, _)| *known == flag).map_or("", |(_, name)| name)
}
