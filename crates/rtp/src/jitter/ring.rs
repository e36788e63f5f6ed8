//! Where packets wait, by their sequence number.

use confab_fetch::{fetch, fetch_all};

use crate::Framing;

/// Packets that are kept at most, a power of two: 640 ms of those of 10 ms.
pub(super) const SLOTS: usize = 64;
/// Octets that the payloads of most codecs have.
const USUAL_PAYLOAD: usize = 160;
/// The longest payload, in octets.
pub(super) const MAX_PAYLOAD: usize = 2000;

/// Storage of packets by sequence number.
///
/// The payloads lie one behind the other, in the order they came, in one arena that is written round and round. Places
/// in it are counted on from lap to lap, so that the lowest place in use tells whether there is room. When nothing waits
/// it begins at the start again: on a clean line the same few cache lines are used for every packet.
#[derive(Debug)]
pub(super) struct Ring {
    slots: Box<[Slot]>,
    arena: Box<[u8]>,
    /// The place for the next payload.
    head: u64,
    /// No payload that waits lies below.
    tail: u64,
    /// Packets that wait.
    waiting: usize,
}

/// What is stored of one packet, in as few octets as it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// Its RTP timestamp.
    pub(super) timestamp: u32,
    /// Where its payload begins in the arena, which has 65,536 octets at most.
    start: u16,
    units: u16,
    sequence: u16,
    length: u16,
    content: Content,
}

/// What is known of a sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing came.
    Empty,
    /// Audio that waits.
    Audio,
    /// A packet that is no audio.
    Other,
    /// Its turn is over.
    Done,
}

impl Ring {
    pub(super) fn new(framing: Framing, clock_rate: u32) -> Self {
        let empty =
            Slot { timestamp: 0, start: 0, units: 0, sequence: 0, length: 0, content: Content::Empty };
        let arena = vec![0; framing.capacity(clock_rate)].into_boxed_slice();
        Self { slots: vec![empty; SLOTS].into_boxed_slice(), arena, head: 0, tail: 0, waiting: 0 }
    }

    pub(super) fn clear(&mut self) {
        for slot in &mut self.slots {
            slot.content = Content::Empty;
        }
        self.waiting = 0;
    }

    /// How many packets of audio wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Fetches what storing and playing a packet touches beside this struct.
    pub(super) fn fetch_rest(&self, sequence: u16) {
        fetch(self.slot(sequence));
        let start = if self.waiting == 0 { 0 } else { (self.head % self.arena.len().max(1) as u64) as usize };
        let end = self.arena.len().min(start + USUAL_PAYLOAD);
        fetch_all(self.arena.get(start..end).unwrap_or_default());
    }

    pub(super) fn content(&self, sequence: u16) -> Content {
        let slot = self.slot(sequence);
        if slot.sequence == sequence { slot.content } else { Content::Empty }
    }

    /// The slot of a sequence number; it is that packet's only if [`Ring::content`] says so.
    pub(super) fn slot(&self, sequence: u16) -> &Slot {
        &self.slots[index(sequence)]
    }

    pub(super) fn payload(&self, sequence: u16) -> &[u8] {
        let slot = self.slot(sequence);
        let start = usize::from(slot.start);
        self.arena.get(start..start + usize::from(slot.length)).unwrap_or_default()
    }

    /// Say what became of a sequence number.
    pub(super) fn mark(&mut self, sequence: u16, content: Content) {
        let slot = &mut self.slots[index(sequence)];
        self.waiting -= usize::from(slot.content == Content::Audio);
        (slot.content, slot.sequence) = (content, sequence);
    }

    /// Whether a payload of at most [`MAX_PAYLOAD`] octets can be stored without one that waits.
    pub(super) fn has_room(&mut self, octets: usize) -> bool {
        if self.waiting == 0 {
            (self.head, self.tail) = (0, 0);
            return true;
        }
        let end = self.place(octets) + octets as u64;
        let lowest = end.saturating_sub(self.arena.len() as u64);
        if self.tail < lowest {
            let waiting = self.slots.iter().filter(|slot| slot.content == Content::Audio);
            self.tail = waiting.map(|slot| self.place_of(slot)).min().unwrap_or(self.head);
        }
        self.tail >= lowest
    }

    /// Store audio for which there is room.
    pub(super) fn store(&mut self, sequence: u16, timestamp: u32, units: u16, payload: &[u8]) {
        let place = self.place(payload.len());
        let start = (place % self.arena.len() as u64) as usize;
        let Some(octets) = self.arena.get_mut(start..start + payload.len()) else { return };
        octets.copy_from_slice(payload);
        self.head = place + payload.len() as u64;
        let (start, length) = (start as u16, payload.len() as u16);
        self.mark(sequence, Content::Empty);
        self.waiting += 1;
        self.slots[index(sequence)] =
            Slot { timestamp, start, units, sequence, length, content: Content::Audio };
    }

    /// The place of a payload that waits: it is less than a lap before the next one's.
    fn place_of(&self, slot: &Slot) -> u64 {
        let lap = self.arena.len() as u64;
        let place = self.head - self.head % lap + u64::from(slot.start);
        if place < self.head { place } else { place.saturating_sub(lap) }
    }

    /// Where a payload goes: behind the last one, or at the start of the next lap if it would not lie in one piece.
    fn place(&self, octets: usize) -> u64 {
        let lap = self.arena.len() as u64;
        let rest = lap - self.head % lap;
        if rest < octets as u64 { self.head + rest } else { self.head }
    }
}

impl Slot {
    /// Duration in clock units.
    pub(super) fn units(&self) -> i64 {
        self.units.into()
    }
}

fn index(sequence: u16) -> usize {
    usize::from(sequence) % SLOTS
}
