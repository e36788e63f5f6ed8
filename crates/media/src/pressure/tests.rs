use super::*;

/// A worker whose legs cost what the test says, measured in virtual time.
struct Bench {
    now: Instant,
    pressure: Pressure,
    legs: usize,
    /// Share of a core that a leg costs.
    cost: f32,
    /// What is saved by each step that is taken.
    saves: f32,
    late: f32,
    load_before: f32,
    /// Steps as they were taken, with the load.
    steps: Vec<(Step, f32)>,
}

impl Bench {
    fn new(limit: f32, cost: f32) -> Self {
        let pressure = Pressure::new(limit);
        Self {
            now: Instant::now(),
            pressure,
            legs: 0,
            cost,
            saves: 0.0,
            late: 0.0,
            load_before: 0.0,
            steps: vec![],
        }
    }

    fn true_load(&self) -> f32 {
        (self.legs as f32 * self.cost - self.saves * self.pressure.step() as u8 as f32).clamp(0.0, 1.0)
    }

    /// So many callers try, one after the other; how many are taken.
    fn call(&mut self, callers: usize) -> usize {
        let before = self.legs;
        for _ in 0..callers {
            if self.pressure.takes(self.legs as f32, 1.0) {
                self.legs += 1;
            } else {
                self.pressure.refuse(self.now);
                self.note_step();
            }
        }
        self.legs - before
    }

    /// So many try that no more are taken, even when those who were have been measured.
    fn fill(&mut self) {
        for _ in 0..4 {
            self.call(10_000);
            self.pass(5);
        }
    }

    fn pass(&mut self, seconds: usize) {
        for _ in 0..2 * seconds {
            self.now += PERIOD;
            self.measure();
        }
    }

    /// It was busy for what its legs cost on the way from how many they were to how many they are.
    fn measure(&mut self) {
        let busy = f32::midpoint(self.load_before, self.true_load());
        self.load_before = self.true_load();
        self.pressure.measure(self.now, Sample { busy, work: self.legs as f32, late: self.late });
        self.note_step();
    }

    fn note_step(&mut self) {
        let step = self.pressure.step();
        if self.steps.last().map_or(Step::Nothing, |(last, _)| *last) != step {
            self.steps.push((step, self.pressure.load()));
        }
    }
}

#[test]
fn callers_are_taken_until_the_headroom_is_reached_whatever_they_cost() {
    for (cost, per_second) in [(0.0001, 100), (0.0002, 50), (0.0002, 1000), (0.002, 20), (0.02, 4)] {
        let mut bench = Bench::new(0.8, cost);
        for _ in 0..200 {
            bench.call(per_second / 2);
            bench.now += PERIOD;
            bench.measure();
        }
        let load = bench.true_load();
        assert!((0.76..=0.82).contains(&load), "{cost} each, {per_second} a second: {load}");
        assert_eq!(bench.pressure.step(), Step::Callers);
    }
}

/// And for more than those who were: the rest comes in when they prove to cost no more.
#[test]
fn those_who_were_taken_but_not_yet_measured_count() {
    let mut bench = Bench::new(0.8, 0.001);
    bench.call(100);
    bench.pass(10);
    let taken = bench.call(10_000);
    assert!((540..=565).contains(&taken), "{taken}");
    let more = bench.call(1);
    assert_eq!(more, 0);
    bench.pass(10);
    bench.fill();
    assert!((0.78..0.81).contains(&bench.true_load()), "{}", bench.true_load());
}

#[test]
fn steps_come_in_their_order_and_the_last_refuses() {
    let mut bench = Bench::new(0.8, 0.001);
    for _ in 0..120 {
        bench.call(8);
        bench.pass(1);
    }
    let order: Vec<Step> = bench.steps.iter().map(|(step, _)| *step).collect();
    assert_eq!(order, Step::ALL[1..]);
    for (step, load) in &bench.steps[..3] {
        assert!((load / 0.8 - step.begins()).abs() < 0.03, "{step:?} at {load}");
    }
}

#[test]
fn a_step_that_helps_is_not_taken_back_before_it_is_calm() {
    let mut bench = Bench::new(0.8, 0.001);
    bench.saves = 0.05;
    bench.legs = 690;
    bench.pass(60);
    assert_eq!(bench.steps.len(), 1, "{:?}", bench.steps);
    bench.legs = 600;
    bench.pass(60);
    assert_eq!(bench.pressure.step(), Step::Nothing);
    assert_eq!(bench.steps.len(), 2);
}

#[test]
fn a_step_that_saves_much_does_not_flutter() {
    let mut bench = Bench::new(0.8, 0.001);
    bench.saves = 0.3;
    bench.legs = 700;
    bench.pass(3600);
    // Each try to do without it fails; the time between two of them grows to five minutes.
    assert!((8..=40).contains(&bench.steps.len()), "{}", bench.steps.len());
}

#[test]
fn callers_are_taken_again_when_some_have_gone() {
    let mut bench = Bench::new(0.8, 0.001);
    bench.legs = 700;
    bench.pass(10);
    bench.fill();
    let full = bench.legs;
    bench.legs -= 5;
    bench.pass(5);
    assert_eq!(bench.call(1), 0, "not for every one who goes");
    bench.legs = full - 40;
    bench.pass(5);
    assert!(bench.pressure.step() < Step::Callers);
    assert!((20..=42).contains(&bench.call(1000)));
}

#[test]
fn everything_is_taken_up_again_and_then_there_is_nothing_to_look_at() {
    let mut bench = Bench::new(0.8, 0.001);
    bench.call(10);
    bench.pass(5);
    bench.fill();
    assert_eq!(bench.pressure.step(), Step::Callers);
    bench.legs = 0;
    bench.pass(100);
    let order: Vec<Step> = bench.steps.iter().rev().map(|(step, _)| *step).take(4).collect();
    assert_eq!(order, Step::ALL[..4]);
    assert!(bench.pressure.is_at_rest());
}

#[test]
fn who_is_late_and_busy_is_full_and_who_is_late_but_idle_is_not() {
    let mut bench = Bench::new(0.8, 0.001);
    (bench.legs, bench.late) = (200, 1.0);
    bench.pass(30);
    assert_eq!(bench.pressure.step(), Step::Nothing, "somebody else takes the core");
    bench.legs = 500;
    bench.pass(5);
    assert_eq!(bench.call(1), 0);
    assert_eq!(bench.pressure.step(), Step::Callers);
}

#[test]
fn each_step_leaves_out_what_those_before_it_do() {
    let reliefs = Step::ALL.map(Step::relief);
    assert_eq!(reliefs[0], Relief::default());
    assert!(reliefs[1].no_denoising && reliefs[1].max_complexity.is_none());
    assert!(reliefs[2].no_denoising && reliefs[2].max_talkers.is_none());
    assert_eq!(reliefs[2].max_complexity, Some(2));
    assert_eq!(reliefs[3], reliefs[4]);
    assert_eq!(reliefs[3].max_talkers, Some(4));
}

#[test]
fn one_stall_is_no_overload() {
    let mut bench = Bench::new(0.8, 0.001);
    bench.legs = 700;
    bench.pass(10);
    for late in [0.12, 0.0, 0.0, 0.0, 0.12, 0.0] {
        bench.late = late;
        bench.now += PERIOD;
        bench.measure();
    }
    assert!(bench.pressure.step() < Step::Callers, "{:?}", bench.steps);
}

/// Callers of Opus cost more than five times what those of G.711 do, among whom they come, all at once.
#[test]
fn a_wave_of_dearer_callers_is_taken_as_far_as_it_fits_and_no_further() {
    let (cost, dearer) = (0.0005, 5.8);
    let mut pressure = Pressure::new(0.9);
    let now = Instant::now();
    let pass = |pressure: &mut Pressure, work: f32| {
        (1..10).for_each(|period| {
            pressure.measure(now + PERIOD * period, Sample { busy: work * cost, work, late: 0.0 });
        });
    };
    pass(&mut pressure, 600.0);
    let mut work = 600.0;
    while pressure.takes(work, dearer) {
        work += dearer;
    }
    assert!((0.77..=0.8).contains(&(work * cost)), "{}", work * cost);

    let mut pressure = Pressure::new(0.9);
    pass(&mut pressure, 100.0 * dearer);
    let mut cheap = 0.0;
    while pressure.takes(100.0 * dearer + cheap, 1.0) {
        cheap += 1.0;
    }
    let load = (100.0 * dearer + cheap) * cost;
    assert!((0.76..=0.8).contains(&load), "{cheap} of G.711 beside 100 of Opus: {load}");
}

#[test]
fn rooms_keep_their_phases_while_their_worker_has_much_to_do() {
    let mut bench = Bench::new(0.9, 0.001);
    let keeps = |bench: &Bench, rooms| bench.pressure.relief(rooms).keep_phase;
    for (legs, kept) in [(300, false), (450, false), (600, true), (450, true), (350, false)] {
        bench.legs = legs;
        bench.pass(10);
        assert_eq!(keeps(&bench, 2), kept, "{legs}");
        assert!(!keeps(&bench, 1), "who is alone is in nobody's way");
    }
}

#[test]
fn a_cap_is_kept_whatever_headroom_is_configured() {
    let mut bench = Bench::new(0.95, 0.0005);
    bench.pressure.cap(0.9);
    for _ in 0..100 {
        bench.call(250);
        bench.pass(1);
    }
    assert!((0.86..=0.905).contains(&bench.true_load()), "{}", bench.true_load());
    bench.pressure.cap(1.0);
    assert_eq!(bench.pressure.limit(), 0.9);
}
