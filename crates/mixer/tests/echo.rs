//! A member who sends back what he is sent.

mod support;

use std::collections::VecDeque;

use confab_mixer::{Control, EchoAction, Event, MixerConfig, Slot, level_dbov};
use support::speech::{Speaker, noise};
use support::{FRAME, Table, heard, member};

/// A line that sends back what it gets.
struct Line {
    slot: Slot,
    way: VecDeque<f32>,
    gain: f32,
}

impl Line {
    /// It takes so many ms and is so much softer, dB; from the tick that sends to the one that mixes.
    fn new(slot: Slot, delay_ms: usize, loss_db: f32) -> Self {
        // What is rendered in one tick is mixed in the next one at the earliest.
        Self { slot, way: vec![0.0; (delay_ms - 20) * 8].into(), gain: 10f32.powf(-loss_db / 20.0) }
    }

    /// One tick: what is said beside the echo goes in, what is heard comes out.
    fn tick(&mut self, mixer: &mut Table, said: &[i16], last: &[i16]) {
        self.way.extend(last.iter().map(|&sample| f32::from(sample) * self.gain));
        let mut both = |said: &i16| (f32::from(*said) + self.way.pop_front().unwrap_or(0.0)) as i16;
        mixer.input(self.slot, &said.iter().map(&mut both).collect::<Vec<i16>>());
    }
}

struct Hall {
    mixer: Table,
    talker: Slot,
    line: Line,
    events: Vec<(usize, Event)>,
    last: Vec<i16>,
    ticks: usize,
}

impl Hall {
    fn new(action: EchoAction, delay_ms: usize, loss_db: f32) -> Self {
        let mut mixer = Table::new(MixerConfig { echo: true, ..MixerConfig::default() });
        let (talker, returner) = (mixer.add(member(100)), mixer.add(member(100)));
        mixer.set(returner, Control::Echo(action));
        mixer.set(talker, Control::Echo(action));
        let line = Line::new(returner, delay_ms, loss_db);
        Self { mixer, talker, line, events: Vec::new(), last: vec![0; FRAME], ticks: 0 }
    }

    /// One talks, the other one says something beside his echo; what the first one hears.
    fn run(&mut self, talk: &[i16], beside: &[i16]) -> Vec<i16> {
        let mut all = Vec::new();
        for (talk, beside) in talk.chunks_exact(FRAME).zip(beside.chunks_exact(FRAME)) {
            self.mixer.input(self.talker, talk);
            self.line.tick(&mut self.mixer, beside, &self.last);
            self.events.extend(self.mixer.tick().map(|event| (self.ticks, event)));
            self.last = heard(&mut self.mixer, self.line.slot);
            all.extend(heard(&mut self.mixer, self.talker));
            self.ticks += 1;
        }
        all
    }

    fn echoes(&self) -> Vec<(Slot, bool, u16, u8)> {
        let echo = |(_, event): &(usize, Event)| match *event {
            Event::Echo { slot, on, delay_ms, loss_db } => Some((slot, on, delay_ms, loss_db)),
            _ => None,
        };
        self.events.iter().filter_map(echo).collect()
    }
}

fn speech(seed: u64, seconds: f32) -> Vec<i16> {
    Speaker::new(8000, seed).talk(seconds, -20.0)
}

fn hiss(len: usize) -> Vec<i16> {
    noise(len, -65.0, 0.5, 9)
}

#[test]
fn who_returns_what_he_is_sent_is_named_with_delay_and_loss() {
    for (delay_ms, loss_db) in [(50, 6.0), (120, 30.0), (200, 12.0), (310, 20.0), (400, 30.0)] {
        let mut hall = Hall::new(EchoAction::Tell, delay_ms, loss_db);
        let talk = speech(delay_ms as u64, 15.0);
        hall.run(&talk, &hiss(talk.len()));
        let [(slot, true, delay, loss)] = hall.echoes()[..] else {
            panic!("{delay_ms}: {:?}", hall.echoes())
        };
        assert_eq!(slot, hall.line.slot);
        assert!(usize::from(delay).abs_diff(delay_ms) <= 10, "{delay} for {delay_ms} ms");
        assert!((f32::from(loss) - loss_db).abs() <= 4.0, "{loss} for {loss_db} dB");
    }
}

#[test]
fn it_is_over_when_the_line_is_mended() {
    let mut hall = Hall::new(EchoAction::Tell, 150, 10.0);
    let talk = speech(1, 30.0);
    hall.run(&talk, &hiss(talk.len()));
    hall.line.gain = 0.0;
    hall.run(&talk, &hiss(talk.len()));
    assert_eq!(hall.echoes().iter().map(|echo| echo.1).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_ducked_echo_is_nearly_gone_and_his_own_words_are_not() {
    let heard = |action| {
        let mut hall = Hall::new(action, 150, 12.0);
        let talk = speech(2, 20.0);
        hall.run(&talk, &hiss(talk.len()));
        let echo = level_dbov(&hall.run(&talk, &hiss(talk.len())));
        let own = hall.run(&vec![0; talk.len()], &talk);
        (echo, level_dbov(&own), level_dbov(&talk))
    };
    let (echo, _, talk) = heard(EchoAction::Tell);
    assert!((echo - (talk - 12.0)).abs() < 3.0, "{echo}");
    let (echo, own, talk) = heard(EchoAction::Duck);
    assert!(echo < talk - 28.0, "{echo} of {talk}");
    assert!(own > talk - 1.0, "{own} of {talk}");
}

#[test]
fn a_muted_echo_is_gone() {
    let mut hall = Hall::new(EchoAction::Mute, 150, 8.0);
    let talk = speech(3, 20.0);
    hall.run(&talk, &hiss(talk.len()));
    let heard = hall.run(&talk, &hiss(talk.len()));
    assert!(heard.iter().all(|sample| *sample == 0));
    let talks = hall.events.iter().filter(|(_, event)| *event == Event::TalkStopped(hall.line.slot)).count();
    assert_eq!(talks, 1, "he no longer talks");
}

#[test]
fn he_whose_voice_comes_back_is_not_blamed() {
    let mut hall = Hall::new(EchoAction::Tell, 250, 6.0);
    let talk = speech(4, 120.0);
    hall.run(&talk, &hiss(talk.len()));
    assert!(hall.echoes().iter().all(|echo| echo.0 == hall.line.slot), "{:?}", hall.echoes());
}

#[test]
fn two_who_talk_by_turns_or_at_once_are_no_echo() {
    for pauses in [true, false] {
        let mut hall = Hall::new(EchoAction::Tell, 100, 200.0);
        let (mut one, mut two) = (Speaker::new(8000, 5), Speaker::new(8000, 6));
        for turn in 0..60 {
            let quiet = hiss(24_000);
            let (a, b) = (one.talk(3.0, -20.0), two.talk(3.0, -22.0));
            match (pauses, turn % 2) {
                (true, 0) => hall.run(&a, &quiet),
                (true, _) => hall.run(&quiet, &b),
                (false, _) => hall.run(&a, &b),
            };
        }
        assert_eq!(hall.echoes(), []);
    }
}

#[test]
fn where_it_is_not_wanted_nothing_is_told() {
    let mut hall = Hall::new(EchoAction::Ignore, 150, 6.0);
    let talk = speech(7, 20.0);
    hall.run(&talk, &hiss(talk.len()));
    assert_eq!(hall.echoes(), []);
}
