//! One worker: the rooms that live on it, each ticked when it is due.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime};

use confab_audio::{LegId, Outbox};
use rtrb::Producer;

use crate::command::{Event, RoomId};
use crate::link::{Port, count};
use crate::order::{Arrival, Handed, Order, Retired, What};
use crate::receive::Receiver;
use crate::room::LiveRoom;
use crate::turn::Turn;

/// Ticks that a late room catches up on at once: what the peers' jitter buffers can take. What is beyond is skipped.
const CATCH_UP: u32 = 10;

/// Orders taken between two looks at the clock, so that a flood of them delays no tick.
const ORDERS_AT_ONCE: usize = 64;

/// A leg that another worker is to hand over is looked for so often.
const AWAIT: Duration = Duration::from_micros(300);

/// A worker. [`Engine::start`](crate::Engine::start) gives it a thread; with
/// [`Engine::manual`](crate::Engine::manual) the caller runs it, by whatever clock.
pub struct Worker {
    rooms: Vec<Place>,
    port: Port,
    outbox: Outbox,
    /// Rooms tick on a grid from here.
    epoch: Instant,
    receiver: Receiver,
    /// An order to take in a leg that is not here yet.
    awaited: Option<Order>,
}

/// A room and when it ticks next; apart from the room, so that a look at all of them is a look at few cache lines.
struct Place {
    id: RoomId,
    state: State,
    due: Instant,
    room: Box<LiveRoom>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// It panicked: never ticked again, kept for its legs until it is closed.
    Failed,
    /// Goes with its last leg.
    Closed,
}

impl Worker {
    pub(crate) fn new(port: Port) -> Self {
        Self {
            rooms: Vec::with_capacity(256),
            port,
            outbox: Outbox::default(),
            epoch: Instant::now(),
            receiver: Receiver::new(),
            awaited: None,
        }
    }

    /// Takes the orders that wait and ticks the rooms that are due; when the next one is due, if there is any.
    pub fn run(&mut self, now: Instant) -> Option<Instant> {
        for _ in 0..ORDERS_AT_ONCE {
            let Some(order) = self.next_order() else { break };
            self.handle(now, order);
        }
        self.tick_due(now);
        if self.awaited.is_some() {
            let soon = now + AWAIT;
            return Some(self.next_due().map_or(soon, |due| due.min(soon)));
        }
        if self.port.has_orders() { Some(now) } else { self.next_due() }
    }

    /// Ticks the rooms that are due.
    pub fn tick_due(&mut self, now: Instant) {
        let Self { rooms, port, outbox, receiver, .. } = self;
        let wall = SystemTime::now();
        for place in rooms.iter_mut().filter(|place| place.is_due(now)) {
            place.catch_up(&mut Turn { now, wall, receiver, outbox, port });
        }
    }

    /// Stops all legs: the control side is gone.
    pub(crate) fn stop_all(&mut self, now: Instant) {
        for place in &mut self.rooms {
            place.room.stop_all(now, &mut self.outbox);
        }
    }

    /// Counts time in which it was at work: by this it is known who still fits. A worker with a thread counts itself.
    pub fn note_busy(&self, time: Duration) {
        count(&self.port.counters.busy_ns, time.as_nanos() as u64);
    }

    /// Whether something was sent to the control side since this was asked last.
    pub(crate) fn take_unseen(&mut self) -> bool {
        std::mem::take(&mut self.port.unseen)
    }

    /// True once the control side is gone.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.port.is_abandoned()
    }

    /// The next order, unless it takes in a leg that is not here yet: then all that follow wait with it, since they may be
    /// about it. Whoever hands a leg over was told to before, and waits at most for one that was handed over before that, so
    /// no two workers ever wait for each other.
    fn next_order(&mut self) -> Option<Order> {
        let order = self.awaited.take().or_else(|| self.port.receive())?;
        let is_ready = match &order.what {
            What::TakeOver(arrival) => {
                let place = self.rooms.iter().find(|place| place.id == order.room);
                arrival.way.peek().is_ok_and(|handed| place.is_none_or(|place| place.is_time_for(handed)))
            }
            _ => true,
        };
        if is_ready {
            return Some(order);
        }
        self.awaited = Some(order);
        None
    }

    fn next_due(&self) -> Option<Instant> {
        self.rooms.iter().filter(|place| place.state == State::Running).map(|place| place.due).min()
    }

    fn handle(&mut self, now: Instant, order: Order) {
        if let What::Open { room, phase } = order.what {
            let due = next_on_grid(self.epoch + phase, now, room.room.format().interval());
            self.rooms.push(Place { id: order.room, state: State::Running, due, room });
            return;
        }
        let Self { rooms, port, outbox, receiver, .. } = self;
        let Some(index) = rooms.iter().position(|place| place.id == order.room) else { return };
        let place = &mut rooms[index];
        place.handle(order.what, &mut Turn { now, wall: SystemTime::now(), receiver, outbox, port });
        if place.state == State::Closed && place.room.room.legs() == 0 {
            port.retire(Retired::Room(rooms.swap_remove(index).room));
        }
    }
}

impl Place {
    fn is_due(&self, now: Instant) -> bool {
        self.state == State::Running && self.due <= now
    }

    /// Ticks as often as is due, but not for ever after a stall.
    fn catch_up(&mut self, turn: &mut Turn<'_>) {
        self.skip_stall(turn);
        while self.is_due(turn.now) {
            let due = self.due;
            self.due += self.room.room.format().interval();
            turn.port.count_tick(turn.now - due);
            self.guard(turn, |room, turn| room.tick(due, turn));
        }
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

    fn handle(&mut self, what: What, turn: &mut Turn<'_>) {
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
    fn is_time_for(&self, handed: &Handed) -> bool {
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
    fn guard(&mut self, turn: &mut Turn<'_>, work: impl FnOnce(&mut LiveRoom, &mut Turn<'_>)) {
        if self.state != State::Running {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| work(&mut self.room, turn))).is_err() {
            self.state = State::Failed;
            turn.outbox.clear();
            count(&turn.port.counters.rooms_failed, 1);
            turn.port.emit(Event::RoomFailed { room: self.id });
        }
    }
}

/// The first instant after `now` that is a whole number of intervals after `start`.
fn next_on_grid(start: Instant, now: Instant, interval: Duration) -> Instant {
    let from = now.max(start);
    let into = from.duration_since(start).as_nanos() % interval.as_nanos();
    from + interval - Duration::from_nanos(into as u64)
}

#[cfg(test)]
mod tests;
