//! Simulates rooms from the command line: the speech files that the quality table scores.

use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use confab_sim::quality::{self, Through};

/// Simulates a room, its phones and their lines, in virtual time.
#[derive(Debug, Parser)]
#[command(name = "confab-sim", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send speech through each row of the quality table; the list of files to score goes to standard output.
    Quality {
        /// Only rows whose name contains this; may be given several times.
        #[arg(long = "row", value_name = "PART")]
        rows: Vec<String>,
        /// How often each row with losses is repeated with another seed.
        #[arg(long, default_value_t = 8)]
        seeds: u64,
        /// Where the files go.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// Speech: WAV files of one channel and 16 bits.
        #[arg(required = true)]
        clips: Vec<PathBuf>,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    match Cli::parse().command {
        Command::Quality { rows, seeds, out, clips } => render_rows(&rows, seeds, &out, &clips),
    }
}

fn render_rows(
    parts: &[String],
    seeds: u64,
    folder: &Path,
    clips: &[PathBuf],
) -> Result<(), Box<dyn Error>> {
    let mut delays = File::create(folder.join("delays.tsv"))?;
    for row in quality::rows() {
        if !parts.is_empty() && !parts.iter().any(|part| row.name.contains(part)) {
            continue;
        }
        for (through, seed) in row.variants(seeds) {
            let rendered = quality::render(&row, through, clips, seed, folder)?;
            print!("{}", rendered.files);
            if through == Through::Room {
                let in_order: Vec<String> = rendered.delays_ms.iter().map(|ms| format!("{ms:.1}")).collect();
                writeln!(delays, "{}\t{seed}\t{}", row.name, in_order.join(" "))?;
            }
        }
    }
    Ok(())
}
