//! Who is taken while the workers are busy, where his room is put, and what is left out for him. How busy they are is what
//! the test says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Instant;

use common::{Bed, Phone, ROOM, TICK, config, open};
use confab_codec::Codec;
use confab_media::{
    Command, Control, Engine, EngineConfig, LegId, Opus, Refusal, RoomId, RoomPlan, RoomRate, Shift, Step,
    StreamConfig, Worker,
};
use confab_mixer::tone_level_dbov;

/// An engine of two workers, and what a leg of theirs costs.
struct Office {
    engine: Engine,
    workers: Vec<Worker>,
    now: Instant,
    /// Share of a core.
    cost: f64,
    last_leg: u64,
}

impl Office {
    fn new(test: u8) -> Self {
        let config = EngineConfig { workers: 2, ..config(test, 400) };
        let (engine, workers) = Engine::manual(config);
        Self { engine, workers, now: Instant::now(), cost: 0.005, last_leg: 0 }
    }

    fn open(&mut self, room: u64) {
        self.engine.command(open(RoomId(room), 8000)).unwrap();
    }

    /// So many callers for a room, until one is refused.
    fn call(&mut self, room: u64, callers: usize) -> Result<(), Refusal> {
        for _ in 0..callers {
            self.last_leg += 1;
            let (leg, room) = (LegId(self.last_leg), RoomId(room));
            self.engine.open_leg(leg, Some(room))?;
            let stream = StreamConfig::new(Codec::Pcmu, 0);
            self.engine.command(Command::StartLeg { leg, room, stream }).unwrap();
        }
        Ok(())
    }

    /// Callers come until no more are taken, even when those who were have been measured.
    fn fill(&mut self, room: u64) -> Result<(), Refusal> {
        for _ in 0..3 {
            let _refused_for_now = self.call(room, 1000);
            self.pass(10);
        }
        self.call(room, 1000)
    }

    fn pass(&mut self, seconds: u32) -> Vec<Shift> {
        let mut shifts = Vec::new();
        let step = TICK / 5;
        for _ in 0..250 * seconds {
            for (worker, load) in self.workers.iter_mut().zip(self.engine.loads()) {
                while worker.run(self.now).is_some_and(|due| due <= self.now) {}
                worker.note_busy(step.mul_f64(load.legs as f64 * self.cost));
            }
            self.now += step;
            shifts.extend(self.engine.measure(self.now));
        }
        shifts
    }

    fn legs(&self) -> Vec<usize> {
        self.engine.loads().map(|load| load.legs).collect()
    }
}

#[test]
fn a_full_room_is_refused_while_others_still_take_callers() {
    let mut office = Office::new(70);
    (1..=2).for_each(|room| office.open(room));
    office.call(1, 20).unwrap();
    office.pass(10);
    assert_eq!(office.fill(1), Err(Refusal::Room));
    let full = office.legs()[0];
    assert!((150..=170).contains(&full), "{full} of 160");
    assert_eq!(office.call(1, 1), Err(Refusal::Room), "and it stays so");
    assert_eq!(office.call(2, 20), Ok(()));
    office.pass(10);
    assert_eq!(office.fill(2), Err(Refusal::Workers));
    assert_eq!(office.engine.stats().refused, 9);

    let leg = |leg| Command::StopLeg { leg: LegId(leg) };
    (1..=40).for_each(|id| office.engine.command(leg(id)).unwrap());
    let told: Vec<String> = office.pass(5).iter().map(Shift::to_string).collect();
    assert!(
        told.iter().any(|line| line.ends_with("takes up again new callers (5 were refused)")),
        "{told:?}"
    );
    assert_eq!(office.call(1, 20), Ok(()));
}

#[test]
fn a_room_is_put_where_least_is_to_do() {
    let mut office = Office::new(71);
    (1..=2).for_each(|room| office.open(room));
    office.call(1, 30).unwrap();
    office.pass(5);
    (3..=5).for_each(|room| {
        office.open(room);
        office.call(room, 8).unwrap();
    });
    assert_eq!(office.legs(), [30, 24]);
    assert_eq!(office.engine.loads().map(|load| load.rooms).collect::<Vec<_>>(), [1, 4]);
}

#[test]
fn without_anybody_there_is_nothing_to_measure() {
    let mut office = Office::new(72);
    assert_eq!(office.engine.poll_timeout(), None);
    office.open(1);
    assert_eq!(office.engine.poll_timeout(), None, "a room alone costs nothing");
    office.call(1, 3).unwrap();
    assert!(office.engine.poll_timeout().is_some());
    for leg in 1..=3 {
        office.engine.command(Command::StopLeg { leg: LegId(leg) }).unwrap();
    }
    office.pass(20);
    assert_eq!(office.engine.poll_timeout(), None);
}

/// Lets the worker seem so busy for some ticks; what changed meanwhile.
fn strain(bed: &mut Bed, ticks: usize, busy: f64, phones: &mut [&mut Phone]) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..ticks {
        bed.talk(1, phones);
        bed.worker.note_busy(TICK.mul_f64(busy));
        steps.extend(bed.engine.measure(bed.now).iter().map(|shift| shift.load.step));
    }
    steps
}

#[test]
fn what_is_left_out_disturbs_nobody_and_comes_back() {
    let mut bed = Bed::new(73);
    bed.command(Command::CloseRoom { room: ROOM });
    bed.settle();
    bed.command(Command::OpenRoom {
        room: ROOM,
        plan: RoomPlan { denoise: true, ..RoomPlan::new(RoomRate::Fixed(16_000)) },
        near: None,
    });
    bed.now = bed.worker.run(bed.now).unwrap();
    let opus = |phone: &mut Phone| phone.codec = Codec::Opus(Opus { fec: false, ..Opus::default() });
    let mut anne = bed.join(1, opus);
    let mut bert = bed.join(2, |phone| {
        opus(phone);
        phone.sing(1000.0, -20.0);
    });
    bed.set(bert.leg, Control::Denoise(false));
    (3..43).for_each(|leg| assert!(bed.engine.open_leg(LegId(leg), None).is_ok()));
    let mut both = [&mut anne, &mut bert];
    assert_eq!(strain(&mut bed, 150, 0.5, &mut both), []);
    let steps = strain(&mut bed, 300, 0.775, &mut both);
    assert_eq!(steps, [Step::Denoising, Step::Complexity, Step::Talkers]);
    let steps = strain(&mut bed, 1700, 0.2, &mut both);
    assert_eq!(steps, [Step::Complexity, Step::Denoising, Step::Nothing]);
    assert_eq!(bed.engine.stats().shifts, 6);

    assert!(anne.heard.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
    let second = anne.codec.sample_rate() as usize;
    for (at, window) in anne.samples(40_000).chunks_exact(second / 10).enumerate() {
        let level = tone_level_dbov(window, anne.codec.sample_rate(), 1000.0);
        assert!((level + 20.0).abs() < 0.5, "{level} dBov after {at} × 100 ms");
    }
}
