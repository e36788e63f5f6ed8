//! A room's place in its worker: when it ticks, and whether it still does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use confab_audio::{LegId, Tick};
use rtrb::Producer;

use crate::command::{Event, RoomId};
use crate::link::count;
use crate::order::{Arrival, Handed, Retired, What};
use crate::room::LiveRoom;
use crate::turn::Turn;

/// Ticks that a late room catches up on at once: what the peers' jitter buffers can take. What is beyond is skipped.
pub(super) const CATCH_UP: u32 = 10;

/// A room and when it ticks next; apart from the room, so that a look at all of them is a look at few cache lines.
pub(super) struct Place {
    pub(super) id: RoomId,
    state: State,
    due: Instant,
    /// How many legs the room has, told without a look at it.
    pub(super) legs: usize,
    /// The tick that it is in.
    pub(super) tick: Tick,
    pub(super) room: Box<LiveRoom>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// It panicked: never ticked again, kept for its legs until it is closed.
    Failed,
    /// Goes with its last leg.
    Closed,
}

impl Place {
    /// A room that ticks first at `due`.
    pub(super) fn new(id: RoomId, due: Instant, room: Box<LiveRoom>) -> Self {
        let legs = room.room.legs();
        Self { id, state: State::Running, due, legs, tick: Tick { due, now: due }, room }
    }

    /// When it ticks next, if it does.
    pub(super) fn next_due(&self) -> Option<Instant> {
        (self.state == State::Running).then_some(self.due)
    }

    /// Whether it is closed and empty.
    pub(super) fn is_over(&self) -> bool {
        self.state == State::Closed && self.legs == 0
    }

    /// Whether a tick is due.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.state == State::Running && self.due <= now
    }

    /// Begins the tick that is due.
    pub(super) fn begin(&mut self, turn: &mut Turn<'_>) {
        self.skip_stall(turn);
        self.tick = Tick { due: self.due, now: turn.now };
        self.due = self.room.room.advance(self.due);
        turn.port.count_tick(self.tick.now - self.tick.due);
        let tick = self.tick;
        self.guard(turn, |room, _| room.begin(tick));
    }

    /// Leaves out the ticks that are too old to be worth anything; the RTP timestamps count them.
    fn skip_stall(&mut self, turn: &Turn<'_>) {
        let interval = self.room.room.format().interval();
        let behind = (turn.now - self.due).as_micros() / interval.as_micros();
        let skipped = (behind as u32).saturating_sub(CATCH_UP - 1);
        if skipped > 0 {
            self.due += interval * skipped;
            (0..skipped).for_each(|_| self.room.skip());
            count(&turn.port.counters.skipped_ticks, u64::from(skipped));
        }
    }

    /// Does what it is told.
    pub(super) fn handle(&mut self, what: What, turn: &mut Turn<'_>) {
        match what {
            What::Close => self.state = State::Closed,
            What::Stop(leg) => {
                self.guard(turn, |room, turn| room.leave(leg, turn.port));
                self.room.stop(leg, turn);
            }
            What::Start(line) if self.state != State::Running => self.room.shelve(line),
            What::HandOver(leg, way) => self.hand_over(leg, way, turn),
            What::TakeOver(arrival) => self.take_over(arrival, turn),
            what => self.guard(turn, |room, turn| room.handle(what, turn)),
        }
        self.legs = self.room.room.legs();
    }

    fn hand_over(&mut self, leg: LegId, mut way: Producer<Handed>, turn: &mut Turn<'_>) {
        self.guard(turn, |room, turn| room.leave(leg, turn.port));
        let line = self.room.release(leg);
        let _there_is_a_place = way.push(line.map(|line| (line, self.due)));
        turn.port.retire(Retired::Way(way));
    }

    fn take_over(&mut self, mut arrival: Box<Arrival>, turn: &mut Turn<'_>) {
        if let Ok(Some((mut line, due))) = arrival.way.pop() {
            line.leg.put_off(self.later_than(due), self.room.room.format().interval_ms);
            match self.state {
                State::Running => {
                    let change = &mut arrival.change;
                    self.guard(turn, |room, turn| room.take_over(line, change, turn));
                }
                State::Failed | State::Closed => self.room.shelve(line),
            }
        }
        turn.port.retire(Retired::Arrival(arrival));
    }

    /// Rooms tick at different phases: a leg that came to a tick here much sooner than it was due would run ahead of the clock.
    pub(super) fn is_time_for(&self, handed: &Handed) -> bool {
        let Some((line, due)) = handed.as_ref().filter(|_| self.state == State::Running) else { return true };
        let half = self.room.room.format().interval() / 2;
        line.leg.lag_after(self.later_than(*due)) >= -(half.as_micros() as i64)
    }

    /// By how much the next tick is later than this one, µs.
    fn later_than(&self, due: Instant) -> i64 {
        let [later, sooner] =
            [(self.due, due), (due, self.due)].map(|(to, from)| to.saturating_duration_since(from));
        later.as_micros() as i64 - sooner.as_micros() as i64
    }

    /// Lets a running room do something; if it panics, it alone is lost.
    pub(super) fn guard(&mut self, turn: &mut Turn<'_>, work: impl FnOnce(&mut LiveRoom, &mut Turn<'_>)) {
        if self.state != State::Running {
            return;
        }
        let written = turn.outbox.len();
        if catch_unwind(AssertUnwindSafe(|| work(&mut self.room, turn))).is_err() {
            self.state = State::Failed;
            turn.outbox.truncate(written);
            count(&turn.port.counters.rooms_failed, 1);
            turn.port.emit(Event::RoomFailed { room: self.id });
        }
    }
}
