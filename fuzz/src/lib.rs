//! A small mutational fuzzer that needs nothing but `cargo test`.
//!
//! [`run`] feeds a target with mutations of a committed corpus for `CONFAB_FUZZ_SECONDS` (2 by default). The inputs
//! depend on `CONFAB_FUZZ_SEED` (a fixed number by default) and nothing else, so a run can be repeated. When the target
//! panics, the input is printed in a form that can be pasted into a regression test.

mod mutate;

use std::env;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;

use mutate::Mutator;

/// Runs a target until the time is over. `corpus` is a directory, seen from this package.
///
/// # Panics
/// When the target does, or when the corpus is empty or cannot be read.
pub fn run(corpus: &str, target: impl Fn(&[u8])) {
    let seed = setting("CONFAB_FUZZ_SEED", 0xC0FF_AB00_u64);
    let time = Duration::from_secs_f64(setting("CONFAB_FUZZ_SECONDS", 2.0));
    let mut mutator = Mutator::new(read_corpus(corpus), StdRng::seed_from_u64(seed));
    let (start, mut count) = (Instant::now(), 0_u64);
    while start.elapsed() < time {
        let input = mutator.next();
        let shown = ShownOnPanic { input, seed, count };
        target(shown.input);
        count += 1;
    }
    println!("{corpus}: {count} inputs from seed {seed:#x}");
}

/// The corpus as it is: each file is a seed, and each must pass its target unchanged too.
fn read_corpus(name: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    // The order in which the file system lists them must not matter.
    paths.sort();
    let seeds: Vec<_> = paths.iter().filter_map(|path| fs::read(path).ok()).collect();
    assert!(!seeds.is_empty(), "{}: no corpus", directory.display());
    seeds
}

fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

struct ShownOnPanic<'a> {
    input: &'a [u8],
    seed: u64,
    count: u64,
}

impl Drop for ShownOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let Self { input, seed, count } = self;
            eprintln!("input {count} of seed {seed:#x}: b\"{}\"", input.escape_ascii());
        }
    }
}
