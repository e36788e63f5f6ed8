//! One worker: the rooms that live on it, each ticked when it is due.

use std::time::{Duration, Instant, SystemTime};

use confab_audio::Outbox;
use confab_mixer::Desk;

use crate::link::{Port, count};
use crate::order::{Order, Retired, What};
use crate::receive::Receiver;
use crate::turn::Turn;
use place::Place;
use round::Round;

mod place;
mod round;

/// Orders taken between two looks at the clock, so that a flood of them delays no tick.
const ORDERS_AT_ONCE: usize = 8;

/// With more rooms than these, those that are due within so long tick together, at its end: to wake for each costs more than
/// they do.
const FEW_ROOMS: usize = 20;
const TOGETHER: Duration = Duration::from_millis(1);

/// A leg that another worker is to hand over is looked for so often.
const AWAIT: Duration = Duration::from_micros(300);

/// A worker. [`Engine::start`](crate::Engine::start) gives it a thread; with
/// [`Engine::manual`](crate::Engine::manual) the caller runs it, by whatever clock.
pub struct Worker {
    rooms: Vec<Place>,
    port: Port,
    desk: Desk,
    outbox: Outbox,
    /// Rooms tick on a grid from here.
    epoch: Instant,
    receiver: Receiver,
    round: Round,
    /// An order to take in a leg that is not here yet.
    awaited: Option<Order>,
}

impl Worker {
    pub(crate) fn new(port: Port) -> Self {
        Self {
            rooms: Vec::with_capacity(256),
            port,
            desk: Desk::default(),
            outbox: Outbox::default(),
            epoch: Instant::now(),
            receiver: Receiver::new(),
            round: Round::default(),
            awaited: None,
        }
    }

    /// Takes some of the orders that wait and ticks the rooms that are due; when the next one is due, if there is any: `now` if
    /// orders wait still.
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

    /// Ticks the rooms that are due, those that are late as often as they are.
    pub fn tick_due(&mut self, now: Instant) {
        let Self { rooms, port, desk, outbox, receiver, round, .. } = self;
        let wall = SystemTime::now();
        let mut turn = Turn { now, wall, receiver, desk, outbox, port };
        let mut are_due = true;
        while std::mem::take(&mut are_due) {
            while round.begin(rooms, &mut turn) {
                round.run(rooms, &mut turn);
                are_due = true;
            }
        }
    }

    /// When a thread that has nothing to do before `due` had best wake: with many rooms not for each of them.
    pub(crate) fn wakes(&self, due: Instant) -> Instant {
        let together = TOGETHER.as_nanos();
        let past = due.saturating_duration_since(self.epoch).as_nanos() % together;
        if self.rooms.len() <= FEW_ROOMS || past == 0 {
            return due;
        }
        due + Duration::from_nanos((together - past) as u64)
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
        self.rooms.iter().filter_map(Place::next_due).min()
    }

    fn handle(&mut self, now: Instant, order: Order) {
        if let What::Open { room, phase } = order.what {
            let due = next_on_grid(self.epoch + phase, now, room.room.format().interval());
            self.rooms.push(Place::new(order.room, due, room));
            return self.round.reserve(self.rooms.len());
        }
        let Self { rooms, port, desk, outbox, receiver, .. } = self;
        let Some(index) = rooms.iter().position(|place| place.id == order.room) else { return };
        let place = &mut rooms[index];
        let wall = SystemTime::now();
        place.handle(order.what, &mut Turn { now, wall, receiver, desk, outbox, port });
        if place.is_over() {
            port.retire(Retired::Room(rooms.swap_remove(index).room));
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
