//! Members who send back what they are sent: how many of them are found, and how many others are blamed.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::Duration;

use confab_mixer::{Control, Desk, EchoAction, Event, Hear, MemberConfig, Mixer, MixerConfig, Slot};

use crate::Random;
use crate::voice::Voice;

/// The room's rate, Hz, samples of a tick, and its length.
const RATE: u32 = 8000;
const FRAME: usize = 160;
const TICK: Duration = Duration::from_millis(20);
/// Level of the voices, dBov.
const VOICES: f32 = -20.0;
/// Shortest and longest time for which somebody talks, s.
const SPURTS: (f64, f64) = (0.5, 5.0);
/// Delays in ms and losses in dB of the table.
const DELAYS: [u16; 6] = [50, 100, 150, 200, 300, 400];
const LOSSES: [u8; 5] = [6, 12, 18, 24, 30];
/// Calls of each kind, and how long they go.
const CALLS: u64 = 40;
const CALL: Duration = Duration::from_secs(60);

/// A call with an echo.
#[derive(Clone, Copy, Debug)]
pub struct Echo {
    /// From the tick that sends to the one that mixes what came back, ms.
    pub delay_ms: u16,
    /// How much softer it comes back, dB.
    pub loss_db: u8,
    /// The noise of the line that returns it, dBov.
    pub noise: f32,
    /// The share of the time in which its owner talks himself.
    pub own_talk: f64,
}

/// What was told of an echo.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Found {
    /// When, from the begin of the call.
    pub at: Duration,
    /// Its delay, ms.
    pub delay_ms: u16,
    /// Its loss, dB.
    pub loss_db: u8,
}

/// Somebody in the room, and whether he talks.
struct Person {
    slot: Slot,
    voice: Voice,
    random: Random,
    share: f64,
    noise: f32,
    talks: bool,
    /// Ticks until that changes.
    left: u32,
}

impl Echo {
    /// An echo of a line with the noise of an office, whose owner only listens.
    pub fn new(delay_ms: u16, loss_db: u8) -> Self {
        Self { delay_ms, loss_db, noise: -62.0, own_talk: 0.0 }
    }

    /// A call with one who talks for 60 % of the time: when the echo was told, if it was.
    pub fn find(self, seed: u64, length: Duration) -> Option<Found> {
        let (mut mixer, mut desk) = (mixer(), Desk::default());
        let mut talker = Person::join(&mut mixer, seed, 0.6, -70.0);
        let mut owner = Person::join(&mut mixer, seed + 1_000_000, self.own_talk, self.noise);
        let gain = 10f32.powf(-f32::from(self.loss_db) / 20.0);
        // What is rendered in one tick is mixed in the next one at the earliest.
        let mut way = VecDeque::from(vec![0.0; (usize::from(self.delay_ms) - 20) * RATE as usize / 1000]);
        let mut sent = [0; FRAME];
        for tick in 0..ticks(length) {
            talker.speak(&mut mixer, |_| 0.0);
            way.extend(sent.map(|sample: i16| f32::from(sample) * gain));
            owner.speak(&mut mixer, |_| way.pop_front().unwrap_or(0.0));
            if let Some((_, delay_ms, loss_db)) =
                told(&mut mixer, &mut desk).filter(|(slot, ..)| *slot == owner.slot)
            {
                return Some(Found { at: TICK * tick, delay_ms, loss_db });
            }
            sent.copy_from_slice(mixer.render(&mut desk, mixer.listening(owner.slot)));
        }
        None
    }
}

/// How many are blamed in a talk of four without any echo: they talk for 40, 30, 20 and 5 % of the time, and at once as
/// chance wills.
pub fn blamed(seed: u64, length: Duration) -> usize {
    let (mut mixer, mut desk) = (mixer(), Desk::default());
    let shares = [(0.4, -70.0), (0.3, -60.0), (0.2, -52.0), (0.05, -65.0)];
    let join = |(n, (share, noise))| Person::join(&mut mixer, seed * 10 + n, share, noise);
    let mut people: Vec<Person> = (0..).zip(shares).map(join).collect();
    let mut blamed = 0;
    for _ in 0..ticks(length) {
        people.iter_mut().for_each(|person| person.speak(&mut mixer, |_| 0.0));
        blamed += usize::from(told(&mut mixer, &mut desk).is_some());
        for person in &people {
            mixer.render(&mut desk, mixer.listening(person.slot));
        }
    }
    blamed
}

/// The share of echoes that is found within a minute, and after how many seconds, by delay and loss; each cell from 40
/// calls. `own_talk` is the share of the time in which he talks himself on whose line the echo is.
pub fn table(own_talk: f64) -> String {
    let mut table = String::from("| |");
    LOSSES.iter().for_each(|loss| _ = write!(table, " −{loss} dB |"));
    let _ = writeln!(table, "\n|---|{}", "---:|".repeat(LOSSES.len()));
    for delay_ms in DELAYS {
        let _ = write!(table, "| {delay_ms} ms |");
        for loss_db in LOSSES {
            let _ = write!(table, " {} |", cell(Echo { own_talk, ..Echo::new(delay_ms, loss_db) }));
        }
        table.push('\n');
    }
    table
}

fn cell(echo: Echo) -> String {
    let found: Vec<Found> = (0..CALLS).filter_map(|seed| echo.find(seed, CALL)).collect();
    let right = |found: &&Found| found.delay_ms.abs_diff(echo.delay_ms) <= 15;
    let share = found.iter().filter(right).count() as u64 * 100 / CALLS;
    let mut seconds: Vec<u64> = found.iter().map(|found| found.at.as_secs()).collect();
    seconds.sort_unstable();
    match seconds.get(seconds.len() / 2) {
        Some(median) => format!("{share} %, {median} s"),
        None => format!("{share} %"),
    }
}

impl Person {
    fn join(mixer: &mut Mixer, seed: u64, share: f64, noise: f32) -> Self {
        let hear = Hear::Room { gain_db: 0.0 };
        let slot = mixer.add(MemberConfig { speak: true, hear, energy: 100, ..MemberConfig::default() });
        mixer.set(slot, Control::Echo(EchoAction::Tell));
        let noise = 32_768.0 * 10f32.powf(noise / 20.0) * 3f32.sqrt();
        let (voice, random) = (Voice::new(RATE, seed, VOICES), Random::new(seed));
        Self { slot, voice, random, share, noise, talks: true, left: 0 }
    }

    /// Says a frame, with something beside it.
    fn speak(&mut self, mixer: &mut Mixer, mut beside: impl FnMut(usize) -> f32) {
        if self.left == 0 {
            self.turn();
        }
        self.left -= 1;
        let mut said = [0; FRAME];
        if self.talks {
            self.voice.fill(&mut said);
        }
        for (at, sample) in said.iter_mut().enumerate() {
            *sample = (f32::from(*sample) + self.random.signed() * self.noise + beside(at)) as i16;
        }
        mixer.input(self.slot, &said);
    }

    /// Begins to talk, or falls silent for as long as his share of the time wants it.
    fn turn(&mut self) {
        self.talks = !self.talks && self.share > 0.0;
        let part = if self.talks { 1.0 } else { (1.0 - self.share) / self.share.max(0.01) };
        let seconds = SPURTS.0 + (SPURTS.1 - SPURTS.0) * self.random.fraction();
        self.left = (seconds * part * 50.0) as u32 + 1;
    }
}

fn mixer() -> Mixer {
    Mixer::new(MixerConfig { rate: RATE, echo: true, ..MixerConfig::default() })
}

/// Mixes a frame; an echo that is told.
fn told(mixer: &mut Mixer, desk: &mut Desk) -> Option<(Slot, u16, u8)> {
    mixer.tick(desk).fold(None, |told, event| match event {
        Event::Echo { slot, on: true, delay_ms, loss_db } => Some((slot, delay_ms, loss_db)),
        _ => told,
    })
}

fn ticks(length: Duration) -> u32 {
    (length.as_millis() / TICK.as_millis()) as u32
}
