//! What a key does, by name.

use std::fmt;
use std::str::FromStr;

/// What a key does. The data of an action follow its name: `transfer 2000`, `play rules.wav&thanks.wav`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyAction {
    /// Mute or unmute.
    Mute,
    /// Mute.
    MuteOn,
    /// Unmute.
    MuteOff,
    /// Hear nothing of the room, or hear it again.
    Deaf,
    /// Hear nothing of the room.
    DeafOn,
    /// Hear the room again.
    DeafOff,
    /// Mute and deaf together, or neither.
    DeafMute,
    /// Raise the gate by 200.
    EnergyUp,
    /// Set the gate to the profile's value.
    EnergyEqu,
    /// Lower the gate by 200.
    EnergyDown,
    /// Others hear me louder.
    TalkUp,
    /// Others hear me as I am.
    TalkZero,
    /// Others hear me less loud.
    TalkDown,
    /// I hear the room louder.
    ListenUp,
    /// I hear the room as it is.
    ListenZero,
    /// I hear the room less loud.
    ListenDown,
    /// Switch the room's music for who is alone or waits off, or on again.
    MohToggle,
    /// Lock the room against further callers, or unlock it.
    Lock,
    /// Take the floor if nobody holds it, or give it back.
    Floor,
    /// Go to where this number leads, without a new call.
    Transfer(String),
    /// Hear these sounds, one after the other.
    Play(Vec<String>),
    /// Tell an event of this name.
    Event(String),
    /// Leave.
    Hangup,
    /// Nothing; the keys are taken, though.
    NoOp,
    /// Hear how many are in the room.
    ParticipantCount,
    /// Hear who is in the room.
    RollCall,
    /// Hear what one's own keys do.
    Help,
    /// Ask for the word.
    RaiseHand,
    /// Ask for it no more.
    LowerHand,
    /// Give the word to the first who asked for it, and take it from who had it.
    NextSpeaker,
    /// Only moderators are heard.
    LectureMode,
    /// Only moderators are heard, and who was given the word.
    QuestionMode,
    /// All may speak.
    DiscussionMode,
    /// Mute all but the moderators.
    MuteAll,
    /// Unmute all.
    UnmuteAll,
    /// Mute all but the moderators, or unmute them.
    MuteAllToggle,
    /// Put out who joined last, unless he is a moderator.
    KickLast,
    /// Put all out.
    EndConference,
    /// Let in the first who waits in the lobby or knocks.
    Admit,
    /// Send away the first who waits in the lobby or knocks.
    Deny,
    /// Tell who comes and goes no more, or again.
    EntryTones,
    /// Tell who comes and goes.
    EntryTonesOn,
    /// Tell who comes and goes no more.
    EntryTonesOff,
    /// Record the room.
    RecordOn,
    /// End the recording.
    RecordOff,
    /// Record the room, or end the recording.
    RecordToggle,
    /// Interrupt the recording, or go on with it.
    RecordPause,
    /// Type a number and call it into the room.
    Invite,
    /// Take back my newest invite.
    CancelLastInvite,
    /// Hear whom I invited who has not answered.
    ListPendingInvites,
    /// Invite again whom I invited last.
    Redial,
    /// Invite all of this list.
    DialList(String),
}

/// The right that an action needs beyond its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// The role must be a moderator's.
    Moderator,
    /// The role must have a number plan to invite by.
    Invite,
}

impl KeyAction {
    /// All actions with the names they have in the configuration: FreeSWITCH's, where it has the action. Those
    /// with data stand here without.
    pub const NAMES: [(Self, &'static str); 52] = [
        (Self::Mute, "mute"),
        (Self::MuteOn, "mute on"),
        (Self::MuteOff, "mute off"),
        (Self::Deaf, "deaf"),
        (Self::DeafOn, "deaf on"),
        (Self::DeafOff, "deaf off"),
        (Self::DeafMute, "deaf mute"),
        (Self::EnergyUp, "energy up"),
        (Self::EnergyEqu, "energy equ"),
        (Self::EnergyDown, "energy dn"),
        (Self::TalkUp, "vol talk up"),
        (Self::TalkZero, "vol talk zero"),
        (Self::TalkDown, "vol talk dn"),
        (Self::ListenUp, "vol listen up"),
        (Self::ListenZero, "vol listen zero"),
        (Self::ListenDown, "vol listen dn"),
        (Self::MohToggle, "moh toggle"),
        (Self::Lock, "lock"),
        (Self::Floor, "floor"),
        (Self::Transfer(String::new()), "transfer"),
        (Self::Play(Vec::new()), "play"),
        (Self::Event(String::new()), "event"),
        (Self::Hangup, "hangup"),
        (Self::NoOp, "no op"),
        (Self::ParticipantCount, "participant count"),
        (Self::RollCall, "roll call"),
        (Self::Help, "help"),
        (Self::RaiseHand, "raise hand"),
        (Self::LowerHand, "lower hand"),
        (Self::NextSpeaker, "next speaker"),
        (Self::LectureMode, "lecture mode"),
        (Self::QuestionMode, "question mode"),
        (Self::DiscussionMode, "discussion mode"),
        (Self::MuteAll, "mute all"),
        (Self::UnmuteAll, "unmute all"),
        (Self::MuteAllToggle, "mute all toggle"),
        (Self::KickLast, "kick last"),
        (Self::EndConference, "end conference"),
        (Self::Admit, "admit"),
        (Self::Deny, "deny"),
        (Self::EntryTones, "entry tones"),
        (Self::EntryTonesOn, "entry tones on"),
        (Self::EntryTonesOff, "entry tones off"),
        (Self::RecordOn, "record on"),
        (Self::RecordOff, "record off"),
        (Self::RecordToggle, "record toggle"),
        (Self::RecordPause, "record pause"),
        (Self::Invite, "invite"),
        (Self::CancelLastInvite, "cancel last invite"),
        (Self::ListPendingInvites, "list pending invites"),
        (Self::Redial, "redial last"),
        (Self::DialList(String::new()), "dial list"),
    ];

    /// Other names of actions: those of ConfBridge's menus and of FreeSWITCH's `execute_application`.
    pub const ALIASES: [(&'static str, &'static str); 16] = [
        ("toggle mute", "mute"),
        ("increase talking volume", "vol talk up"),
        ("reset talking volume", "vol talk zero"),
        ("decrease talking volume", "vol talk dn"),
        ("increase listening volume", "vol listen up"),
        ("reset listening volume", "vol listen zero"),
        ("decrease listening volume", "vol listen dn"),
        ("playback", "play"),
        ("playback and continue", "play"),
        ("execute application playback", "play"),
        ("leave conference", "hangup"),
        ("admin kick last", "kick last"),
        ("admin toggle conference lock", "lock"),
        ("admin toggle mute participants", "mute all toggle"),
        ("redial", "redial last"),
        ("count", "participant count"),
    ];

    /// The name without the data.
    pub fn name(&self) -> &'static str {
        let same = |known: &Self| std::mem::discriminant(known) == std::mem::discriminant(self);
        Self::NAMES.into_iter().find(|(known, _)| same(known)).map_or("", |(_, name)| name)
    }

    /// The names of all actions.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().map(|(_, name)| name)
    }

    /// The right that it needs. FreeSWITCH's actions need none: there, who has the key may.
    pub fn needs(&self) -> Option<Right> {
        match self {
            Self::Invite
            | Self::CancelLastInvite
            | Self::ListPendingInvites
            | Self::Redial
            | Self::DialList(_) => Some(Right::Invite),
            Self::NextSpeaker
            | Self::LectureMode
            | Self::QuestionMode
            | Self::DiscussionMode
            | Self::MuteAll
            | Self::UnmuteAll
            | Self::MuteAllToggle
            | Self::KickLast
            | Self::EndConference
            | Self::Admit
            | Self::Deny
            | Self::EntryTones
            | Self::EntryTonesOn
            | Self::EntryTonesOff
            | Self::RecordOn
            | Self::RecordOff
            | Self::RecordToggle
            | Self::RecordPause => Some(Right::Moderator),
            _ => None,
        }
    }

    /// Whether it ends the member's place in the room, so that nothing can follow it.
    pub(super) fn is_last(&self) -> bool {
        matches!(self, Self::Hangup | Self::Transfer(_) | Self::EndConference)
    }

    /// The same action with these data; `None` if it takes none, or not these.
    fn with(self, data: &str) -> Option<Self> {
        if data.chars().any(char::is_control) {
            return None;
        }
        let text = || (!data.is_empty()).then(|| data.to_owned());
        match self {
            Self::Transfer(_) => text().map(Self::Transfer),
            Self::Event(_) => text().map(Self::Event),
            Self::DialList(_) => text().map(Self::DialList),
            Self::Play(_) => {
                let sounds: Vec<_> = data.split('&').map(|sound| sound.trim().to_owned()).collect();
                sounds.iter().all(|sound| !sound.is_empty()).then_some(Self::Play(sounds))
            }
            plain => data.is_empty().then_some(plain),
        }
    }

    fn data(&self) -> Option<String> {
        match self {
            Self::Transfer(data) | Self::Event(data) | Self::DialList(data) => Some(data.clone()),
            Self::Play(sounds) => Some(sounds.join("&")),
            _ => None,
        }
    }
}

impl fmt::Display for KeyAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.data().map_or(Ok(()), |data| write!(f, " {data}"))
    }
}

/// There is no action of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no action `{0}`; the actions are: {list}", list = KeyAction::names().collect::<Vec<_>>().join(", "))]
pub struct UnknownAction(pub String);

impl FromStr for KeyAction {
    type Err = UnknownAction;

    /// `_` and `-` in a name stand for blanks, and data may follow in parentheses, as in ConfBridge's menus.
    fn from_str(written: &str) -> Result<Self, UnknownAction> {
        let text = written.trim();
        let names = Self::names().map(|name| (name, name)).chain(Self::ALIASES);
        let fitting = names.filter_map(|(name, of)| Some((name.len(), of, data_after(text, name)?)));
        let longest = fitting.max_by_key(|(length, ..)| *length);
        let action = longest.and_then(|(_, name, data)| {
            let (action, _) = Self::NAMES.into_iter().find(|(_, known)| *known == name)?;
            action.with(data)
        });
        action.ok_or_else(|| UnknownAction(written.to_owned()))
    }
}

/// What follows the name in the text, if it begins with the name.
fn data_after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (head, data) = text.split_at_checked(name.len())?;
    let blank = |byte: u8| if matches!(byte, b'_' | b'-') { b' ' } else { byte };
    if !head.bytes().map(blank).eq(name.bytes()) {
        return None;
    }
    let in_parentheses = data.strip_prefix('(').and_then(|data| data.strip_suffix(')'));
    match in_parentheses {
        Some(data) => Some(data.trim()),
        None if data.is_empty() || data.starts_with(' ') => Some(data.trim()),
        None => None,
    }
}
