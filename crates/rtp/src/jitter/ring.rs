//! Where packets wait, by their sequence number.

use crate::Packet;

/// Packets that are kept at most, a power of two: 320 ms of the shortest.
pub(super) const SLOTS: usize = 32;
/// The longest payload: 60 ms of G.711.
pub(super) const MAX_PAYLOAD: usize = 480;

/// Storage of packets by sequence number.
#[derive(Debug)]
pub(super) struct Ring {
    slots: Vec<Slot>,
}

/// What is stored of one packet.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    content: Content,
    pub(super) sequence: u16,
    /// Extended timestamp.
    pub(super) timestamp: i64,
    pub(super) payload_type: u8,
    length: usize,
    payload: [u8; MAX_PAYLOAD],
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
    pub(super) fn new() -> Self {
        let empty = Slot {
            content: Content::Empty,
            sequence: 0,
            timestamp: 0,
            payload_type: 0,
            length: 0,
            payload: [0; MAX_PAYLOAD],
        };
        Self { slots: vec![empty; SLOTS] }
    }

    pub(super) fn clear(&mut self) {
        for slot in &mut self.slots {
            slot.content = Content::Empty;
        }
    }

    pub(super) fn content(&self, sequence: u16) -> Content {
        let slot = self.slot(sequence);
        if slot.sequence == sequence { slot.content } else { Content::Empty }
    }

    /// The slot of a sequence number; it is that packet's only if [`Ring::content`] says so.
    pub(super) fn slot(&self, sequence: u16) -> &Slot {
        &self.slots[index(sequence)]
    }

    /// Say what became of a sequence number.
    pub(super) fn mark(&mut self, sequence: u16, content: Content) {
        let slot = &mut self.slots[index(sequence)];
        (slot.content, slot.sequence) = (content, sequence);
    }

    /// Store audio of at most [`MAX_PAYLOAD`] bytes.
    pub(super) fn store(&mut self, packet: &Packet<'_>, timestamp: i64) {
        let slot = &mut self.slots[index(packet.sequence)];
        slot.content = Content::Audio;
        slot.sequence = packet.sequence;
        slot.timestamp = timestamp;
        slot.payload_type = packet.payload_type;
        slot.length = packet.payload.len();
        if let Some(payload) = slot.payload.get_mut(..packet.payload.len()) {
            payload.copy_from_slice(packet.payload);
        }
    }
}

impl Slot {
    pub(super) fn payload(&self) -> &[u8] {
        self.payload.get(..self.length).unwrap_or_default()
    }

    /// Samples of the packet: in G.711 a byte is one.
    pub(super) fn samples(&self) -> i64 {
        i64::try_from(self.length).unwrap_or(0)
    }
}

fn index(sequence: u16) -> usize {
    usize::from(sequence) % SLOTS
}
