//! What can be wrong with a sound.

use std::path::PathBuf;

use confab_codec::AudioFileError;
use confab_mixer::ToneScriptError;

/// Why a sound cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SoundError {
    /// Neither a file nor built in.
    #[error("{0}: no such sound is built in; set sounds.dir to the folder that holds it")]
    NotBuiltIn(String),
    /// It leads out of the folder of sounds.
    #[error("{0}: not a path below sounds.dir")]
    NotBelow(String),
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Where it was looked for.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not a file of a kind that we play.
    #[error("{name}: {source}")]
    Unplayable {
        /// Which sound.
        name: String,
        /// What is wrong with it.
        source: AudioFileError,
    },
    /// Its rate cannot be brought to that of a room.
    #[error("{name}: {rate} Hz, where 1000 to 192000 can be played")]
    Rate {
        /// Which sound.
        name: String,
        /// Samples per second.
        rate: u32,
    },
    /// A folder or a list without a sound.
    #[error("{0}: there is no sound in it")]
    Empty(String),
    /// A list of more sounds than are read.
    #[error("{name}: more than {most} sounds")]
    LongList {
        /// Which list.
        name: String,
        /// How many there may be.
        most: usize,
    },
    /// A script of tones that is not understood.
    #[error("tone_stream://{script}: {source}")]
    Tones {
        /// The script.
        script: String,
        /// What is wrong with it.
        source: ToneScriptError,
    },
    /// Not `silence_stream://MS` or `silence_stream://MS,NOISE`.
    #[error("silence_stream://{0}: it takes a time in ms, and perhaps a comma and a level of noise")]
    Silence(String),
    /// Not the number of a clip.
    #[error("clip://{0}: it takes the number of a clip")]
    Clip(String),
    /// Sounds of this name come with another program.
    #[error("{0}: there are no sounds of this kind; there are tone_stream://, silence_stream:// and say:")]
    UnknownKind(String),
    /// There is no program that speaks.
    #[error("{0}: nothing speaks; set say.command")]
    Speechless(String),
    /// The program that speaks did not.
    #[error("say:{text}: {program}: {why}")]
    NotSaid {
        /// What it was to speak.
        text: String,
        /// The program.
        program: String,
        /// What went wrong.
        why: String,
    },
    /// The sounds of the configuration need too much memory.
    #[error("{0}: all sounds together are too long to be held in memory; make some of them shorter")]
    TooMuch(String),
    /// Too many sounds are being loaded.
    #[error("{0}: too many sounds are being loaded")]
    TooMany(String),
    /// Something broke while it was loaded.
    #[error("{0}: it could not be loaded")]
    Failed(String),
}
