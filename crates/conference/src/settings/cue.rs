//! What can be said to a member or a room, by name.

use std::fmt;
use std::str::FromStr;

/// An occasion for a sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cue {
    /// To all when somebody joins (the welcome).
    Enter,
    /// To all that remain when somebody leaves.
    Exit,
    /// To who joins.
    MemberEnter,
    /// To who comes to a conference that does not go on, though he may only join one.
    JoinOnly,
    /// To a member that is alone, before the music.
    Alone,
    /// In a loop while a member is alone or waits.
    Moh,
    /// In a loop to all, all the time.
    Perpetual,
    /// To him who is put out, before his call ends.
    Kicked,
    /// To who comes to a locked room.
    Locked,
    /// To all when the room is locked.
    IsLocked,
    /// To all when the room is unlocked.
    IsUnlocked,
    /// To him who was muted.
    Muted,
    /// To him who was unmuted.
    Unmuted,
    /// To him who talks though he is muted.
    MuteDetect,
    /// To him who hears the room no more.
    Deaf,
    /// To him who hears the room again.
    Undeaf,
    /// Asks for the PIN.
    Pin,
    /// The PIN was wrong.
    BadPin,
    /// To who comes to a full room.
    MaxMembers,
    /// After one recorded name: he has joined.
    HasJoined,
    /// After one recorded name: he has left.
    HasLeft,
    /// After a number or several names: they have joined.
    HaveJoined,
    /// After a number or several names: they have left.
    HaveLeft,
    /// Before the number of the others in the room.
    ThereAre,
    /// After the number of the others in the room.
    OtherInParty,
    /// There is one other in the room.
    OnlyOne,
    /// To him who had to wait and now joins.
    PlaceIntoConference,
    /// To him who waits for a moderator or a marked member.
    WaitForLeader,
    /// To all when the last moderator, or marked member, has left those who wait for one.
    LeaderHasLeft,
    /// To all when those who waited for a moderator join.
    Begin,
    /// To all when all but the moderators are muted.
    ParticipantsMuted,
    /// To all when they are unmuted.
    ParticipantsUnmuted,
    /// What the key asks for is not possible now.
    ErrorMenu,
    /// He may not do this.
    NotAllowed,
    /// Spoken before the digits of a value below 0.
    Minus,
    /// Asks for the name that others will hear.
    RecordName,
    /// After the recorded name: asks to keep it (1) or to record it again (2).
    ReviewName,
    /// Before a member's place among those who ask for the word.
    HandRaised,
    /// To him who asks for the word no more.
    HandLowered,
    /// To moderators: somebody asks for the word.
    HandUp,
    /// To him who is given the word.
    YourTurn,
    /// To the moderator: nobody asks for the word.
    NoHands,
    /// To all: only moderators are heard.
    LectureMode,
    /// To all: one may ask for the word.
    QuestionMode,
    /// To all: all may speak.
    DiscussionMode,
    /// To him who has taken the floor.
    FloorTaken,
    /// To him who has given the floor back.
    FloorReleased,
    /// After the number of members, before their names.
    RollCall,
    /// Before the keys and what they do.
    Help,
    /// To the moderator: who comes and goes is told.
    EntryTonesOn,
    /// To the moderator: who comes and goes is told no more.
    EntryTonesOff,
    /// To him who switched the room's music on.
    MohOn,
    /// To him who switched the room's music off.
    MohOff,
    /// To all when the recording begins.
    RecordingStarted,
    /// To all when the recording ends.
    RecordingStopped,
    /// To all when the recording is interrupted.
    RecordingPaused,
    /// To all when the recording goes on.
    RecordingResumed,
    /// To who joins a room that is recorded.
    RecordingNotice,
    /// To all when the recording has failed.
    RecordingFailed,
    /// To him who waits in the lobby.
    Lobby,
    /// To moderators: somebody waits to be let in.
    Knock,
    /// To him who is let in.
    Admitted,
    /// To the moderator: nobody waits to be let in.
    NobodyWaits,
    /// To all, before the time that is left: the conference will end.
    EndingSoon,
    /// After a number: minutes.
    Minutes,
    /// After a number: seconds.
    Seconds,
    /// To him whose line returns what it is sent.
    Echo,
    /// To him who is muted for a while because he is too loud.
    TooLoud,
}

impl Cue {
    /// All cues with their names; the configuration's key is the name with `-sound` after it. FreeSWITCH's come
    /// first, then ConfBridge's.
    pub const NAMES: [(Self, &'static str); 68] = [
        (Self::Enter, "enter"),
        (Self::Exit, "exit"),
        (Self::MemberEnter, "member-enter"),
        (Self::JoinOnly, "join-only"),
        (Self::Alone, "alone"),
        (Self::Moh, "moh"),
        (Self::Perpetual, "perpetual"),
        (Self::Kicked, "kicked"),
        (Self::Locked, "locked"),
        (Self::IsLocked, "is-locked"),
        (Self::IsUnlocked, "is-unlocked"),
        (Self::Muted, "muted"),
        (Self::Unmuted, "unmuted"),
        (Self::MuteDetect, "mute-detect"),
        (Self::Deaf, "deaf"),
        (Self::Undeaf, "undeaf"),
        (Self::Pin, "pin"),
        (Self::BadPin, "bad-pin"),
        (Self::MaxMembers, "max-members"),
        (Self::HasJoined, "has-joined"),
        (Self::HasLeft, "has-left"),
        (Self::ThereAre, "there-are"),
        (Self::OtherInParty, "other-in-party"),
        (Self::OnlyOne, "only-one"),
        (Self::PlaceIntoConference, "place-into-conference"),
        (Self::WaitForLeader, "wait-for-leader"),
        (Self::LeaderHasLeft, "leader-has-left"),
        (Self::Begin, "begin"),
        (Self::ParticipantsMuted, "participants-muted"),
        (Self::ParticipantsUnmuted, "participants-unmuted"),
        (Self::ErrorMenu, "error-menu"),
        (Self::HaveJoined, "have-joined"),
        (Self::HaveLeft, "have-left"),
        (Self::NotAllowed, "not-allowed"),
        (Self::Minus, "minus"),
        (Self::RecordName, "record-name"),
        (Self::ReviewName, "review-name"),
        (Self::HandRaised, "hand-raised"),
        (Self::HandLowered, "hand-lowered"),
        (Self::HandUp, "hand-up"),
        (Self::YourTurn, "your-turn"),
        (Self::NoHands, "no-hands"),
        (Self::LectureMode, "lecture-mode"),
        (Self::QuestionMode, "question-mode"),
        (Self::DiscussionMode, "discussion-mode"),
        (Self::FloorTaken, "floor-taken"),
        (Self::FloorReleased, "floor-released"),
        (Self::RollCall, "roll-call"),
        (Self::Help, "help"),
        (Self::EntryTonesOn, "entry-tones-on"),
        (Self::EntryTonesOff, "entry-tones-off"),
        (Self::MohOn, "moh-on"),
        (Self::MohOff, "moh-off"),
        (Self::RecordingStarted, "recording-started"),
        (Self::RecordingStopped, "recording-stopped"),
        (Self::RecordingPaused, "recording-paused"),
        (Self::RecordingResumed, "recording-resumed"),
        (Self::RecordingNotice, "recording-notice"),
        (Self::RecordingFailed, "recording-failed"),
        (Self::Lobby, "lobby"),
        (Self::Knock, "knock"),
        (Self::Admitted, "admitted"),
        (Self::NobodyWaits, "nobody-waits"),
        (Self::EndingSoon, "ending-soon"),
        (Self::Minutes, "minutes"),
        (Self::Seconds, "seconds"),
        (Self::Echo, "echo"),
        (Self::TooLoud, "too-loud"),
    ];

    /// What ConfBridge calls cues that have another name here.
    pub const ALIASES: [(&'static str, &'static str); 7] = [
        ("join", "enter"),
        ("leave", "exit"),
        ("only-person", "alone"),
        ("get-pin", "pin"),
        ("invalid-pin", "bad-pin"),
        ("locked-now", "is-locked"),
        ("unlocked-now", "is-unlocked"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(cue, _)| *cue == self).map_or("", |(_, name)| name)
    }

    /// The file of the cue among the sounds that come with the program. FreeSWITCH's cues have none by default,
    /// since there a sound is played only where it is configured.
    pub fn built_in(self) -> Option<&'static str> {
        BUILT_IN.into_iter().find(|(cue, _)| *cue == self).map(|(_, file)| file)
    }

    /// What is said later on the same subject makes this stale; one cue stands for the subject.
    pub(crate) fn subject(self) -> Self {
        match self {
            Self::QuestionMode | Self::DiscussionMode => Self::LectureMode,
            Self::IsUnlocked => Self::IsLocked,
            Self::ParticipantsUnmuted => Self::ParticipantsMuted,
            Self::RecordingStopped
            | Self::RecordingPaused
            | Self::RecordingResumed
            | Self::RecordingFailed => Self::RecordingStarted,
            Self::Begin => Self::LeaderHasLeft,
            other => other,
        }
    }

    /// What all must hear before anything else.
    pub(crate) fn is_urgent(self) -> bool {
        matches!(self.subject(), Self::EndingSoon | Self::RecordingStarted | Self::LeaderHasLeft)
    }
}

/// The files that come with the program.
const BUILT_IN: [(Cue, &str); 49] = [
    (Cue::HasJoined, "conference/conf-has-joined.wav"),
    (Cue::HasLeft, "conference/conf-has-left.wav"),
    (Cue::HaveJoined, "conference/conf-people-have-joined.wav"),
    (Cue::HaveLeft, "conference/conf-people-have-left.wav"),
    (Cue::ThereAre, "conference/conf-there-are.wav"),
    (Cue::OtherInParty, "conference/conf-other-people.wav"),
    (Cue::OnlyOne, "conference/conf-only-one-other.wav"),
    (Cue::PlaceIntoConference, "conference/conf-place-into-conference.wav"),
    (Cue::Begin, "conference/conf-begin.wav"),
    (Cue::WaitForLeader, "conference/conf-wait-mod.wav"),
    (Cue::LeaderHasLeft, "conference/conf-leader-has-left.wav"),
    (Cue::ParticipantsMuted, "conference/conf-participants-muted.wav"),
    (Cue::ParticipantsUnmuted, "conference/conf-participants-unmuted.wav"),
    (Cue::ErrorMenu, "conference/conf-error-menu.wav"),
    (Cue::NotAllowed, "conference/conf-not-permitted.wav"),
    (Cue::Minus, "currency/negative.wav"),
    (Cue::RecordName, "conference/conf-record-name.wav"),
    (Cue::ReviewName, "conference/conf-name-review.wav"),
    (Cue::HandRaised, "conference/conf-hand-raised.wav"),
    (Cue::HandLowered, "conference/conf-hand-lowered.wav"),
    (Cue::HandUp, "conference/conf-hand-up.wav"),
    (Cue::YourTurn, "conference/conf-you-may-speak.wav"),
    (Cue::NoHands, "conference/conf-no-hands.wav"),
    (Cue::LectureMode, "conference/conf-lecture-mode.wav"),
    (Cue::QuestionMode, "conference/conf-question-mode.wav"),
    (Cue::DiscussionMode, "conference/conf-discussion-mode.wav"),
    (Cue::FloorTaken, "conference/conf-floor.wav"),
    (Cue::FloorReleased, "conference/conf-floor-released.wav"),
    (Cue::RollCall, "conference/conf-roll-call.wav"),
    (Cue::Help, "conference/conf-help.wav"),
    (Cue::EntryTonesOn, "conference/conf-tones-on.wav"),
    (Cue::EntryTonesOff, "conference/conf-tones-off.wav"),
    (Cue::MohOn, "conference/conf-hold-music-on.wav"),
    (Cue::MohOff, "conference/conf-hold-music-off.wav"),
    (Cue::RecordingStarted, "conference/conf-recording-started.wav"),
    (Cue::RecordingStopped, "conference/conf-recording-stopped.wav"),
    (Cue::RecordingPaused, "conference/conf-recording-paused.wav"),
    (Cue::RecordingResumed, "conference/conf-recording-resumed.wav"),
    (Cue::RecordingNotice, "conference/conf-being-recorded.wav"),
    (Cue::RecordingFailed, "conference/conf-recording-failed.wav"),
    (Cue::Lobby, "conference/conf-lobby.wav"),
    (Cue::Knock, "conference/conf-knock.wav"),
    (Cue::Admitted, "conference/conf-admitted.wav"),
    (Cue::NobodyWaits, "conference/conf-nobody-waits.wav"),
    (Cue::EndingSoon, "conference/conf-ending-soon.wav"),
    (Cue::Minutes, "conference/conf-minutes.wav"),
    (Cue::Seconds, "conference/conf-seconds.wav"),
    (Cue::Echo, "conference/conf-echo.wav"),
    (Cue::TooLoud, "conference/conf-too-loud.wav"),
];

impl fmt::Display for Cue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no cue of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no sound `{0}`; the sounds are: {list}", list = Cue::NAMES.map(|(_, name)| name).join(", "))]
pub struct UnknownCue(pub String);

impl FromStr for Cue {
    type Err = UnknownCue;

    /// With or without `-sound` after it; `_` and `-` are one.
    fn from_str(written: &str) -> Result<Self, UnknownCue> {
        let plain = written.replace('_', "-");
        let name = plain.strip_suffix("-sound").or_else(|| plain.strip_prefix("sound-")).unwrap_or(&plain);
        let alias = Self::ALIASES.into_iter().find(|(alias, _)| *alias == name);
        let name = alias.map_or(name, |(_, name)| name);
        let found = Self::NAMES.into_iter().find(|(_, known)| *known == name);
        found.map(|(cue, _)| cue).ok_or_else(|| UnknownCue(written.to_owned()))
    }
}
