//! The bounded rings between the control side and one worker.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::Thread;
use std::time::Duration;

use confab_audio::{Demand, LATE, Relief};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::command::{EngineStats, Event, RoomId};
use crate::lateness::Counts;
use crate::order::{Order, Retired, Word};
use crate::pressure::{Pressure, Step};

const ORDERS: usize = 4096;
const WORDS: usize = 8192;
const RETIRED: usize = 8192;

/// The control side's end.
pub(crate) struct Link {
    orders: Producer<Order>,
    /// Orders that must arrive, for which the ring had no place.
    backlog: VecDeque<Order>,
    /// Orders were sent since the worker was last woken.
    unheard: bool,
    words: Consumer<Word>,
    retired: Consumer<Retired>,
    pub(crate) counters: Arc<Counters>,
    /// To be unparked when there is an order; `None` for a worker without a thread.
    pub(crate) thread: Option<Thread>,
    /// Rooms that live there.
    pub(crate) rooms: usize,
    /// Legs that live there or will, and the sum of their weights.
    pub(crate) legs: usize,
    pub(crate) work: u32,
    pub(crate) pressure: Pressure,
    /// What the counters said when they were looked at last.
    pub(crate) seen: EngineStats,
    /// What was told of it to be left out, and what its rooms were told.
    pub(crate) told: Step,
    pub(crate) relief: Relief,
    /// Callers that were refused since the worker last took some.
    pub(crate) refused: u64,
}

/// The worker's end.
pub(crate) struct Port {
    orders: Consumer<Order>,
    words: Producer<Word>,
    retired: Producer<Retired>,
    pub(crate) counters: Arc<Counters>,
    /// Something was sent since the control side was last woken.
    pub(crate) unseen: bool,
}

/// Counts of one worker; read by anybody, in no particular order to each other.
#[derive(Default, Debug)]
pub(crate) struct Counters {
    pub(crate) ticks: AtomicU64,
    pub(crate) late_ticks: AtomicU64,
    pub(crate) skipped_ticks: AtomicU64,
    pub(crate) rooms_failed: AtomicU64,
    pub(crate) events_dropped: AtomicU64,
    pub(crate) feeds_short: AtomicU64,
    pub(crate) busy_ns: AtomicU64,
    /// How late the latest tick began.
    pub(crate) latest_us: AtomicU64,
    pub(crate) lateness: Counts,
}

impl Counters {
    /// The counts, added to those of other workers.
    pub(crate) fn add_to(&self, sum: EngineStats) -> EngineStats {
        EngineStats {
            ticks: sum.ticks + read(&self.ticks),
            late_ticks: sum.late_ticks + read(&self.late_ticks),
            skipped_ticks: sum.skipped_ticks + read(&self.skipped_ticks),
            rooms_failed: sum.rooms_failed + read(&self.rooms_failed),
            events_dropped: sum.events_dropped + read(&self.events_dropped),
            feeds_short: sum.feeds_short + read(&self.feeds_short),
            busy_us: sum.busy_us + read(&self.busy_ns) / 1000,
            latest_us: sum.latest_us.max(read(&self.latest_us)),
            lateness: self.lateness.add_to(sum.lateness),
            ..sum
        }
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// Adds to a count.
pub(crate) fn count(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

/// Two ends of a new link to a worker that may use this share of its core.
pub(crate) fn link(limit: f32) -> (Link, Port) {
    let (order_in, order_out) = RingBuffer::new(ORDERS);
    let (word_in, word_out) = RingBuffer::new(WORDS);
    let (retired_in, retired_out) = RingBuffer::new(RETIRED);
    let counters = Arc::new(Counters::default());
    let link = Link {
        orders: order_in,
        backlog: VecDeque::new(),
        unheard: false,
        words: word_out,
        retired: retired_out,
        counters: Arc::clone(&counters),
        thread: None,
        rooms: 0,
        legs: 0,
        work: 0,
        pressure: Pressure::new(limit),
        seen: EngineStats::default(),
        told: Step::default(),
        relief: Relief::default(),
        refused: 0,
    };
    let port = Port { orders: order_out, words: word_in, retired: retired_in, counters, unseen: false };
    (link, port)
}

impl Link {
    /// Whether the next [`Link::send`] finds a place.
    pub(crate) fn has_room(&mut self) -> bool {
        self.flush();
        self.backlog.is_empty() && self.orders.slots() > 0
    }

    /// Sends an order, later if there is no place now. The worker sees it when it runs next, or is [woken](Self::wake).
    pub(crate) fn send(&mut self, order: Order) {
        self.backlog.push_back(order);
        self.flush();
    }

    /// Sends what had to wait for a place.
    pub(crate) fn flush(&mut self) {
        let places = self.orders.slots().min(self.backlog.len());
        for order in self.backlog.drain(..places) {
            let _never_full = self.orders.push(order);
        }
        self.unheard |= places > 0;
    }

    /// Wakes the worker if it was sent anything.
    pub(crate) fn wake(&mut self) {
        self.flush();
        if std::mem::take(&mut self.unheard)
            && let Some(thread) = &self.thread
        {
            thread.unpark();
        }
    }

    /// What the worker tells next; frees what it has handed back.
    pub(crate) fn receive(&mut self) -> Option<Word> {
        while let Ok(retired) = self.retired.pop() {
            drop(retired);
        }
        self.words.pop().ok()
    }
}

impl Port {
    /// The next order, if any.
    pub(crate) fn receive(&mut self) -> Option<Order> {
        self.orders.pop().ok()
    }

    /// Whether an order waits.
    pub(crate) fn has_orders(&self) -> bool {
        !self.orders.is_empty()
    }

    /// True once the control side is gone.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.orders.is_abandoned()
    }

    /// Tells the control side; an event without a place is counted and lost.
    pub(crate) fn emit(&mut self, event: Event) {
        self.say(Word::Event(event));
    }

    /// Asks for feeds; a room that gets none asks again.
    pub(crate) fn demand(&mut self, room: RoomId, demand: Demand) {
        self.say(Word::Demand(room, demand));
    }

    /// Tells the control side what happened in a room.
    pub(crate) fn tell(&mut self, event: confab_audio::Event) {
        self.emit(Event::Audio(event));
    }

    /// Counts a tick that began so long after it was due.
    pub(crate) fn count_tick(&self, late: Duration) {
        let counters = &*self.counters;
        count(&counters.ticks, 1);
        count(&counters.late_ticks, u64::from(late > LATE));
        counters.lateness.count(late);
        counters.latest_us.fetch_max(late.as_micros() as u64, Ordering::Relaxed);
    }

    /// Hands something back to be freed. Without a place it is freed here: late is better than leaked.
    pub(crate) fn retire(&mut self, retired: Retired) {
        self.unseen = true;
        drop(self.retired.push(retired));
    }

    fn say(&mut self, word: Word) {
        self.unseen = true;
        if self.words.push(word).is_err() {
            count(&self.counters.events_dropped, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::RoomId;
    use crate::order::What;
    use confab_audio::LegId;

    #[test]
    fn events_beyond_the_ring_are_counted() {
        let (mut link, mut port) = link(1.0);
        for leg in 0..WORDS as u64 + 3 {
            port.tell(confab_audio::Event::TalkStarted { leg: LegId(leg) });
        }
        assert_eq!(link.counters.add_to(EngineStats::default()).events_dropped, 3);
        assert_eq!(std::iter::from_fn(|| link.receive()).count(), WORDS);
        assert!(std::mem::take(&mut port.unseen));
    }

    #[test]
    fn orders_that_wait_keep_their_order() {
        let (mut link, mut port) = link(1.0);
        let sent = ORDERS as u64 + 10;
        for room in 0..sent {
            link.send(Order { room: RoomId(room), what: What::Close });
        }
        assert!(!link.has_room());
        let mut received = Vec::new();
        while let Some(order) = port.receive() {
            received.push(order.room.0);
            link.flush();
        }
        assert_eq!(received, Vec::from_iter(0..sent));
        assert!(link.has_room());
    }
}
