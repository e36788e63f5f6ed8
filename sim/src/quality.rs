//! The rows of the quality table: which speech goes through what, and the files that are scored.

use std::error::Error;
use std::fmt::{self, Display, Formatter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use confab_codec::{Codec, Opus, resample};

use crate::line::{Filling, carry};
use crate::network::{Conditions, Loss};
use crate::phone::PhoneConfig;
use crate::scene::{PhoneId, Scene};
use crate::source::{Sound, Talk};
use crate::track::Track;
use crate::wav;

/// One row: a codec under one impairment.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name in files, for example `g722-loss-5`.
    pub name: String,
    /// What both phones speak.
    pub codec: Codec,
    /// The line from the talker to the room.
    pub uplink: Conditions,
    /// How much faster the talker's clock runs than the room's, parts per million.
    pub ppm: f64,
}

/// What the speech of a row goes through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Through {
    /// A room of two.
    Room,
    /// The codec and the losses alone.
    Codec(Filling),
    /// The codec twice: decoded and encoded again on the way, as every server does that mixes.
    Tandem,
}

/// Silence before, between and after the clips, ms.
const PAUSE_MS: usize = 1000;
/// How much of the pauses is scored with a clip, ms.
const MARGIN_MS: u64 = 300;

/// When a line begins to stall, and how far apart stalls are.
const STALLS_AT: Duration = Duration::from_secs(10);
const STALLS_APART: Duration = Duration::from_millis(500);

/// All rows of the table.
pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for codec in [Codec::Pcmu, Codec::G722, Codec::Opus(Opus::default())] {
        let mut row = |impairment: &str, uplink: Conditions, ppm: f64| {
            rows.push(Row::new(codec, impairment, uplink, ppm));
        };
        row("clean", Conditions::default(), 0.0);
        for percent in [1, 3, 5, 10] {
            row(&format!("loss-{percent}"), Conditions::loss(f64::from(percent) / 100.0), 0.0);
        }
        row("bursts-5", Conditions::bursts(0.05, 4.0), 0.0);
        row("jitter-20", Conditions::jitter(20), 0.0);
        row("jitter-60", Conditions::jitter(60), 0.0);
        row("duplicates-10", Conditions::duplicates(0.1), 0.0);
        row("reordered-5", Conditions::reordered(0.05, 30), 0.0);
        row("fast-625", Conditions::default(), 625.0);
        row("slow-625", Conditions::default(), -625.0);
        row("stall-80", Conditions::stalls(80, [STALLS_AT]), 0.0);
        row("stalls-200", Conditions::stalls(200, (0..10).map(|n| STALLS_AT + STALLS_APART * n)), 0.0);
    }
    rows
}

impl Row {
    fn new(codec: Codec, impairment: &str, uplink: Conditions, ppm: f64) -> Self {
        let (name, codec) = match codec {
            Codec::Opus(opus) => ("opus", Codec::Opus(prepared_for(opus, uplink.loss))),
            Codec::G722 => ("g722", codec),
            _ => ("pcmu", codec),
        };
        Self { name: format!("{name}-{impairment}"), codec, uplink, ppm }
    }

    /// What the speech of this row is sent through, each with `seeds` seeds where chance has a part in it.
    pub fn variants(&self, seeds: u64) -> Vec<(Through, u64)> {
        let mut through = vec![Through::Room];
        if self.uplink == Conditions::default() && self.ppm == 0.0 {
            through.extend([Through::Codec(Filling::Concealment), Through::Tandem]);
        }
        if self.uplink.loss != Loss::None {
            let fillings = [Filling::Concealment, Filling::Silence, Filling::Repetition];
            through.extend(fillings.map(Through::Codec));
        }
        let has_chance = Conditions { stalls: Vec::new(), ..self.uplink.clone() } != Conditions::default();
        let seeds = if has_chance { seeds } else { 1 };
        (1..=seeds).flat_map(|seed| through.iter().map(move |&through| (through, seed))).collect()
    }

    /// The rate at which the row is scored: PESQ knows narrowband and wideband.
    fn scored_rate(&self) -> u32 {
        self.codec.sample_rate().min(16_000)
    }
}

/// The encoder of a phone that was told of the loss by RTCP.
fn prepared_for(opus: Opus, loss: Loss) -> Opus {
    let share = match loss {
        Loss::None => 0.0,
        Loss::Random(share) | Loss::Bursts { share, .. } => share,
    };
    Opus { expected_loss: (share * 100.0).round() as u8, ..opus }
}

/// Speech clips, one after the other with pauses between them.
#[derive(Debug)]
struct Speech {
    rate: u32,
    samples: Vec<i16>,
    /// First sample and length of each clip.
    clips: Vec<(usize, usize)>,
}

impl Speech {
    fn read(paths: &[PathBuf], rate: u32) -> Result<Self, Box<dyn Error>> {
        let pause = vec![0; rate as usize / 1000 * PAUSE_MS];
        let (mut samples, mut clips) = (pause.clone(), Vec::new());
        for path in paths {
            let (from, clip) = wav::read(path)?;
            let clip = resample(&clip, from, rate)?;
            clips.push((samples.len(), clip.len()));
            samples.extend_from_slice(&clip);
            samples.extend_from_slice(&pause);
        }
        Ok(Self { rate, samples, clips })
    }

    fn length(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(self.rate))
    }

    /// Cuts the speech, or what became of it, into clips again, each with a part of the pauses around it. What became of
    /// it is late by `time_of` each sample.
    fn cut<'a>(&self, track: &'a Track, time_of: impl Fn(usize) -> Duration) -> Vec<&'a [i16]> {
        let margin = Duration::from_millis(MARGIN_MS);
        let around = |&(start, length): &(usize, usize)| {
            track.between(time_of(start) - margin, time_of(start + length) + margin)
        };
        self.clips.iter().map(around).collect()
    }
}

/// What became of the clips of a row.
#[derive(Clone, Default, Debug)]
pub struct Rendered {
    /// A line for each clip: row, through what, seed, number of the clip, rate, file of what was said and of what was
    /// heard, with tabs between them.
    pub files: String,
    /// The delay of the room in each second in which something was heard, ms.
    pub delays_ms: Vec<f64>,
}

/// Writes what each clip of a row was and what it becomes into `folder`.
///
/// # Errors
/// A file cannot be read or written, or a codec cannot be made.
pub fn render(
    row: &Row,
    through: Through,
    clips: &[PathBuf],
    seed: u64,
    folder: &Path,
) -> Result<Rendered, Box<dyn Error>> {
    let rate = row.codec.sample_rate();
    let speech = Speech::read(clips, rate)?;
    let (said, heard, delays_ms) = match through {
        Through::Room => through_room(row, &speech, seed),
        Through::Codec(filling) => {
            let heard = carry(row.codec, rate, &speech.samples, row.uplink.loss, seed, filling)?;
            (Track::of(rate, speech.samples.clone()), Track::of(rate, heard), Vec::new())
        }
        Through::Tandem => {
            let code = |samples: &[i16]| carry(row.codec, rate, samples, Loss::None, seed, Filling::Silence);
            let heard = code(&code(&speech.samples)?)?;
            (Track::of(rate, speech.samples.clone()), Track::of(rate, heard), Vec::new())
        }
    };
    let scored = row.scored_rate();
    let mut files = String::new();
    let time_of = |sample| said.time_of(sample);
    for (number, (original, degraded)) in
        speech.cut(&said, time_of).iter().zip(speech.cut(&heard, time_of)).enumerate()
    {
        let reference = folder.join(format!("{}-{through}-{seed}-{number}-said.wav", row.name));
        let file = folder.join(format!("{}-{through}-{seed}-{number}.wav", row.name));
        wav::write(&reference, scored, &resample(original, rate, scored)?)?;
        wav::write(&file, scored, &resample(degraded, rate, scored)?)?;
        let (reference, file) = (reference.display(), file.display());
        writeln!(files, "{}\t{through}\t{seed}\t{number}\t{scored}\t{reference}\t{file}", row.name)?;
    }
    Ok(Rendered { files, delays_ms })
}

/// What one phone said, what the other heard, and the delays in between.
fn through_room(row: &Row, speech: &Speech, seed: u64) -> (Track, Track, Vec<f64>) {
    let mut scene = Scene::new(row.codec.sample_rate(), seed);
    let clip: Arc<[i16]> = speech.samples.as_slice().into();
    let talker = PhoneConfig { clock_ppm: row.ppm, uplink_seed: Some(seed), ..PhoneConfig::new(row.codec) };
    let talker = scene.join(talker.over(row.uplink.clone()).saying(Talk::always(Sound::Clip(clip))));
    let listener = scene.join(PhoneConfig::new(row.codec));
    scene.run(speech.length() + Duration::from_secs(1));
    let delays = delays(&scene, talker, listener, speech.length());
    (scene.phone(talker).said().clone(), scene.phone(listener).heard().clone(), delays)
}

fn delays(scene: &Scene, talker: PhoneId, listener: PhoneId, until: Duration) -> Vec<f64> {
    let delay = |second| scene.delay_ms(talker, listener, Duration::from_secs(second));
    (1..until.as_secs()).filter_map(delay).collect()
}

impl Display for Through {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Room => "room",
            Self::Tandem => "tandem",
            Self::Codec(Filling::Concealment) => "codec",
            Self::Codec(Filling::Silence) => "silence",
            Self::Codec(Filling::Repetition) => "repetition",
        })
    }
}
