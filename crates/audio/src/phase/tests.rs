use super::*;

/// What a buffer leaves before the tick, µs, and what [`Phase::note`] is told of.
const RESERVE: i64 = 1000;
const UNPUNCTUAL: i64 = 7000;
/// How late a packet of an unpunctual phone is.
const ASTRAY: i64 = 8000;

/// One room's packets in virtual time, µs: each of its talkers has a jitter buffer that adds an interval before a packet
/// is not there at its tick, if that comes gently, and takes away what is too much.
struct Bench {
    phase: Phase,
    ticks: i64,
    /// When in the interval their packets come, and the delay that their buffers add.
    talkers: Vec<(i64, i64)>,
    late: Duration,
    /// How late one in a hundred of their packets is.
    astray: i64,
    /// Frames that were not there.
    missing: usize,
}

impl Bench {
    fn new(talkers: &[i64]) -> Self {
        let talkers = talkers.iter().map(|&comes| (comes, 0)).collect();
        Self { phase: Phase::new(20), ticks: 0, talkers, late: Duration::ZERO, astray: 0, missing: 0 }
    }

    fn wait(&self, talker: usize) -> i64 {
        let (comes, added) = self.talkers[talker];
        self.phase.offset_us() - comes + added
    }

    fn spare(&self, talker: usize) -> i64 {
        self.wait(talker) - UNPUNCTUAL
    }

    fn pass(&mut self, seconds: i64) {
        for _ in 0..50 * seconds {
            self.ticks += 1;
            for talker in 0..self.talkers.len() {
                self.pull(talker);
            }
            self.phase.tick(self.late);
            assert!(self.phase.advance().abs() <= 100);
            assert!(self.phase.offset_us().abs() <= 20_000);
        }
    }

    fn pull(&mut self, talker: usize) {
        let astray = if self.ticks % 100 == 0 { self.astray } else { 0 };
        self.missing += usize::from(self.ticks > 1 && self.wait(talker) < astray);
        if self.wait(talker) < RESERVE {
            self.talkers[talker].1 += 20_000;
        } else if self.wait(talker) > 21_000 + RESERVE {
            self.talkers[talker].1 -= 20_000;
        }
        if self.ticks % 8 == 0 {
            self.phase.note(self.spare(talker) as i32);
        }
    }

    fn waits(&self) -> Vec<i64> {
        (0..self.talkers.len()).map(|talker| self.wait(talker)).collect()
    }
}

#[test]
fn wherever_packets_come_they_wait_little_after_a_few_seconds() {
    for comes in (-19_950..=0).step_by(350) {
        let mut bench = Bench::new(&[comes]);
        bench.pass(8);
        let spare = bench.spare(0);
        assert!(
            (1000..6500).contains(&spare) && bench.missing == 0,
            "{comes}: {spare}, {} missing",
            bench.missing
        );
    }
}

/// Wherever the room opened, and on its way, too: the way is shorter than half an interval, or leads later.
#[test]
fn who_is_unpunctual_loses_no_frame_by_a_move() {
    for comes in (-20_950..=-ASTRAY).step_by(350) {
        let mut bench = Bench::new(&[comes]);
        bench.astray = ASTRAY;
        bench.pass(60);
        assert_eq!(bench.missing, 0, "{comes}");
    }
}

#[test]
fn what_is_worth_little_is_left_as_it_is() {
    let mut bench = Bench::new(&[-11_500]);
    bench.pass(60);
    assert_eq!(bench.phase.offset_us(), 0);
}

#[test]
fn nobody_decides_without_evidence() {
    let mut bench = Bench::new(&[]);
    bench.pass(60);
    (0..ENOUGH - 1).for_each(|_| bench.phase.note(15_000));
    bench.pass(60);
    assert_eq!(bench.phase.offset_us(), 0);
}

#[test]
fn of_talkers_who_disagree_none_loses_a_frame_and_most_wait_little() {
    for (comes, most) in
        [(&[-18_000, -17_000, -4000][..], 38_000), (&[-3000, -15_000, -14_000, -13_500], 50_000)]
    {
        let mut bench = Bench::new(comes);
        bench.pass(30);
        bench.astray = ASTRAY;
        bench.pass(30);
        let after: i64 = bench.waits().iter().sum();
        assert!(after <= most && bench.missing == 0, "{comes:?}: {after}, {} missing", bench.missing);
    }
}

#[test]
fn a_clock_that_is_off_is_followed_and_the_way_back_costs_no_frame() {
    for drift in [-2, 2] {
        let mut bench = Bench::new(&[-10_000]);
        let mut long = 0;
        for second in 0..3600 {
            bench.talkers[0].0 += 50 * drift;
            bench.pass(1);
            long += usize::from(second > 10 && bench.spare(0) > 9000);
        }
        assert!(long < 3600 / 20 && bench.missing == 0, "{drift}: {long} s, {} missing", bench.missing);
    }
}

#[test]
fn under_load_the_phase_stays() {
    let mut bench = Bench::new(&[-15_000]);
    bench.phase.keep(true);
    bench.pass(30);
    assert_eq!(bench.phase.offset_us(), 0);
    bench.phase.keep(false);
    bench.pass(10);
    assert!(bench.spare(0) < 5000);
}

#[test]
fn who_is_late_at_each_tick_moves_to_where_he_begins() {
    let mut bench = Bench::new(&[-12_000]);
    bench.late = Duration::from_micros(2500);
    bench.pass(2);
    bench.late = Duration::ZERO;
    bench.pass(30);
    assert_eq!(bench.phase.offset_us(), 2500);
    bench.pass(60);
    assert!(bench.spare(0) < 5000, "not for ever");
}

/// The packets of all of a worker's rooms come at once, and each room takes 40 µs.
#[test]
fn rooms_do_not_crowd_though_all_packets_come_at_once() {
    let took = 40;
    let mut rooms: Vec<Bench> = (0..300).map(|room| Bench::new(&[-20_000 + 20_000 * room / 300])).collect();
    let mut late = Vec::new();
    for second in 0..120 {
        for _ in 0..50 {
            late = tick_all(&mut rooms, took);
        }
        assert!(second < 60 || late.iter().all(|&late| late < 3000), "{:?}", late.iter().max());
    }
    let waits: i64 = rooms.iter().map(|room| room.spare(0)).sum::<i64>() / 300;
    assert!(waits < 10_000, "{waits}");
    assert!(rooms.iter().all(|room| room.missing == 0));
}

/// One interval of a worker: each room begins when it is due and those before it are done.
fn tick_all(rooms: &mut [Bench], took: i64) -> Vec<i64> {
    let mut free = i64::MIN;
    let opened = |room: usize| 20_000 * room as i64 / 300;
    let mut order: Vec<usize> = (0..rooms.len()).collect();
    order.sort_by_key(|&room| opened(room) + rooms[room].phase.offset_us());
    let mut lates = Vec::new();
    for index in order {
        let room = &mut rooms[index];
        let due = opened(index) + room.phase.offset_us();
        let begins = due.max(free);
        free = begins + took;
        room.late = Duration::from_micros((begins - due) as u64);
        lates.push(begins - due);
        room.ticks += 1;
        room.pull(0);
        room.phase.tick(room.late);
        room.phase.advance();
    }
    lates
}
