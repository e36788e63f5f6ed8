//! Simulates rooms from the command line: a talker on a bad line, or the speech that the quality table scores.

use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use confab_codec::{Codec, Opus};
use confab_sim::echo;
use confab_sim::quality::{self, Through};
use confab_sim::{Conditions, Loss, PhoneConfig, Scene, Sound, Talk, report, wav};

/// Simulates a room, its phones and their lines, in virtual time.
#[derive(Debug, Parser)]
#[command(name = "confab-sim", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A talker on a line that may be bad, and a listener: the delay over time, what was concealed, levels, clicks.
    Line(LineArgs),
    /// Echoes on the members' lines: how many are found by delay and loss, and how many others are blamed.
    Echo(EchoArgs),
    /// Send speech through each row of the quality table; the list of files to score goes to standard output.
    Quality(QualityArgs),
}

#[derive(Debug, Args)]
struct LineArgs {
    /// What both phones speak.
    #[arg(long, value_enum, default_value_t = Spoken::Pcmu)]
    codec: Spoken,
    /// Share of the packets that is lost, percent.
    #[arg(long, default_value_t = 0.0)]
    loss: f64,
    /// Mean length of a burst of losses, packets; 0: each for itself.
    #[arg(long, default_value_t = 0.0)]
    bursts: f64,
    /// Jitter of 0 to so many ms.
    #[arg(long, default_value_t = 0)]
    jitter: u64,
    /// Share of the packets that come twice, percent.
    #[arg(long, default_value_t = 0.0)]
    duplicates: f64,
    /// How much faster than the room's the talker's clock runs, parts per million.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    ppm: f64,
    /// How long it goes, s.
    #[arg(long, default_value_t = 40)]
    seconds: u64,
    /// The same seed does the same.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write what the listener heard to this WAV file.
    #[arg(long, value_name = "FILE")]
    heard: Option<PathBuf>,
    /// What is said: a WAV file of one channel and 16 bits; else a made voice.
    speech: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct EchoArgs {
    /// So many hours of talk without an echo.
    #[arg(long, default_value_t = 10)]
    hours: u64,
}

#[derive(Debug, Args)]
struct QualityArgs {
    /// Only rows whose name contains this; may be given several times.
    #[arg(long = "row", value_name = "PART")]
    rows: Vec<String>,
    /// How often each row in which chance has a part is repeated with another seed.
    #[arg(long, default_value_t = 8)]
    seeds: u64,
    /// Where the files go.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Speech: WAV files of one channel and 16 bits.
    #[arg(required = true)]
    clips: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Spoken {
    Pcmu,
    Pcma,
    G722,
    Opus,
}

fn main() -> Result<(), Box<dyn Error>> {
    match Cli::parse().command {
        Command::Line(args) => simulate(&args),
        Command::Quality(args) => render(&args),
        Command::Echo(args) => {
            look_for_echoes(&args);
            Ok(())
        }
    }
}

fn look_for_echoes(args: &EchoArgs) {
    for own_talk in [0.0, 0.3] {
        println!("His own talk: {:.0} % of the time.\n\n{}", own_talk * 100.0, echo::table(own_talk));
    }
    let hour = Duration::from_secs(3600);
    let blamed: usize = (0..args.hours).map(|seed| echo::blamed(seed, hour)).sum();
    println!("Blamed in {} h of talk without an echo: {blamed}.", args.hours);
}

fn simulate(args: &LineArgs) -> Result<(), Box<dyn Error>> {
    let codec = args.codec.codec(args.loss);
    let mut scene = Scene::new(codec.sample_rate(), args.seed);
    let talker = PhoneConfig { clock_ppm: args.ppm, uplink: args.uplink(), ..PhoneConfig::new(codec) };
    scene.join(talker.saying(Talk::always(args.sound(codec.sample_rate())?)));
    let listener = scene.join(PhoneConfig::new(codec));
    scene.run(Duration::from_secs(args.seconds));
    print!("{}", report(&scene));
    if let Some(path) = &args.heard {
        let heard = scene.phone(listener).heard();
        wav::write(path, heard.rate, &heard.samples)?;
    }
    Ok(())
}

impl LineArgs {
    fn uplink(&self) -> Conditions {
        let share = self.loss / 100.0;
        let loss = match share {
            0.0 => Loss::None,
            _ if self.bursts > 0.0 => Loss::Bursts { share, length: self.bursts },
            _ => Loss::Random(share),
        };
        Conditions { loss, duplicates: self.duplicates / 100.0, ..Conditions::jitter(self.jitter) }
    }

    fn sound(&self, rate: u32) -> Result<Sound, Box<dyn Error>> {
        let Some(path) = &self.speech else { return Ok(Sound::voice(self.seed)) };
        let (from, samples) = wav::read(path)?;
        Ok(Sound::Clip(confab_codec::resample(&samples, from, rate)?.into()))
    }
}

impl Spoken {
    /// The codec, set by a phone that knows of the loss, in percent.
    fn codec(self, loss: f64) -> Codec {
        match self {
            Self::Pcmu => Codec::Pcmu,
            Self::Pcma => Codec::Pcma,
            Self::G722 => Codec::G722,
            Self::Opus => Codec::Opus(Opus { expected_loss: loss.round() as u8, ..Opus::default() }),
        }
    }
}

fn render(args: &QualityArgs) -> Result<(), Box<dyn Error>> {
    let mut delays = File::create(args.out.join("delays.tsv"))?;
    let is_wanted = |name: &str| args.rows.is_empty() || args.rows.iter().any(|part| name.contains(part));
    for row in quality::rows().into_iter().filter(|row| is_wanted(&row.name)) {
        for (through, seed) in row.variants(args.seeds) {
            render_row(&row, through, seed, &args.clips, &args.out, &mut delays)?;
        }
    }
    Ok(())
}

fn render_row(
    row: &quality::Row,
    through: Through,
    seed: u64,
    clips: &[PathBuf],
    folder: &Path,
    delays: &mut File,
) -> Result<(), Box<dyn Error>> {
    let rendered = quality::render(row, through, clips, seed, folder)?;
    print!("{}", rendered.files);
    if through == Through::Room {
        let in_order: Vec<String> = rendered.delays_ms.iter().map(|ms| format!("{ms:.1}")).collect();
        writeln!(delays, "{}\t{seed}\t{}", row.name, in_order.join(" "))?;
    }
    Ok(())
}
