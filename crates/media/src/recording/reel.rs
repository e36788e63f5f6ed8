//! The bounded ring between a room and who writes or keeps what is heard there.

use std::iter::once;

use confab_audio::{Format, LegId, Room, Taken, Tap, Track};
use confab_mixer::Desk;
use rtrb::{Consumer, Producer, RingBuffer};

use super::time_line::Mark;

/// One recording of a room. Never reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RecordingId(pub u64);

/// What a tape is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum TapeId {
    /// A recording of the room.
    Recording(RecordingId),
    /// What a leg says when it is asked for its name.
    Name(LegId),
}

/// Samples in a piece: a part of the frames of all rooms.
pub(super) const SLICE: usize = 80;

/// What travels on the ring: for each tick a `Tick`, and for each track that is not silent a `Track` and its samples.
#[derive(Debug)]
pub(super) enum Piece {
    Tick {
        /// Counted from the begin of the recording; those that are missing are a gap.
        tick: u64,
        /// Samples per second.
        rate: u32,
    },
    Track(Track),
    Samples([i16; SLICE]),
    /// Happened before the next tick.
    Mark(Box<Mark>),
}

/// The ring holds so much, s: as long may the disk stand still.
const HELD_SECONDS: usize = 4;

/// Voices at once for which there is room on the ring for that long.
const USUAL_VOICES: usize = 4;

/// Places that no tick takes: the time line goes on where the sound has a gap, and who leaves then ends his track.
const KEPT_FOR_MARKS: usize = 256;

/// The worker's end.
#[derive(Debug)]
pub(crate) struct Tape {
    tap: Tap,
    pieces: Producer<Piece>,
    ticks: u64,
    /// It is over after so many.
    most: u64,
    paused: bool,
    /// Whether a pause is not on the tape at all.
    cuts: bool,
}

/// The other end, which is read at leisure.
#[derive(Debug)]
pub struct Reel {
    pub(super) pieces: Consumer<Piece>,
    /// How the room mixes, at its highest rate.
    pub(super) format: Format,
}

/// A tape of a room that mixes in `longest` or at a lower rate. `most` is how long it lasts at most, ms.
pub(crate) fn tape(taken: Taken, longest: Format, cuts: bool, most: Option<u32>) -> (Tape, Reel) {
    let tracks = if taken == (Taken::Mix { parts: true }) { USUAL_VOICES + 2 } else { 1 };
    let per_tick = 1 + tracks * (1 + longest.frame() / SLICE);
    let interval = usize::from(longest.interval_ms);
    let held = most.map_or(HELD_SECONDS * 1000, |most| most as usize);
    let (producer, consumer) = RingBuffer::new(per_tick * held.div_ceil(interval) + KEPT_FOR_MARKS);
    let tape = Tape {
        tap: Tap::new(taken, longest),
        pieces: producer,
        ticks: 0,
        most: most.map_or(u64::MAX, |most| u64::from(most) / interval as u64),
        paused: false,
        cuts,
    };
    (tape, Reel { pieces: consumer, format: longest })
}

impl Tape {
    /// Takes what the room's last tick gave.
    pub(super) fn take(&mut self, room: &Room, desk: &mut Desk) {
        let rate = room.format().rate;
        if !self.paused {
            room.tap(desk, &mut self.tap);
            self.push(rate, true);
        } else if !self.cuts {
            self.push(rate, false);
        }
    }

    /// A tick was left out, and is missing on the tape.
    pub(super) fn skip(&mut self) {
        self.ticks += u64::from(!(self.paused && self.cuts));
    }

    pub(super) fn pause(&mut self, on: bool) {
        self.paused = on;
    }

    /// Puts a line of the time line between two ticks; it comes back if there is no place.
    fn mark(&mut self, line: Box<Mark>) -> Option<Box<Mark>> {
        match self.pieces.push(Piece::Mark(line)) {
            Err(rtrb::PushError::Full(Piece::Mark(line))) => Some(line),
            _ => None,
        }
    }

    /// Whether it is as long as it may be.
    fn is_over(&self) -> bool {
        self.ticks >= self.most
    }

    /// A tick finds a place as a whole or not at all, so that the tracks stay together.
    fn push(&mut self, rate: u32, with_sound: bool) {
        let tick = self.ticks;
        self.ticks += 1;
        let tracks = self.tap.tracks().take(if with_sound { usize::MAX } else { 0 });
        let pieces: usize = tracks.clone().map(|(_, samples)| 1 + samples.len() / SLICE).sum();
        if self.pieces.slots() < 1 + pieces + KEPT_FOR_MARKS {
            return;
        }
        let Ok(chunk) = self.pieces.write_chunk_uninit(1 + pieces) else { return };
        chunk.fill_from_iter(once(Piece::Tick { tick, rate }).chain(tracks.flat_map(sliced)));
    }
}

fn sliced((track, samples): (Track, &[i16])) -> impl Iterator<Item = Piece> {
    let (slices, _) = samples.as_chunks::<SLICE>();
    once(Piece::Track(track)).chain(slices.iter().map(|slice| Piece::Samples(*slice)))
}

/// The tapes of a room.
#[derive(Debug, Default)]
pub(crate) struct Tapes {
    tapes: Vec<(TapeId, Box<Tape>)>,
}

impl Tapes {
    pub(crate) fn begin(&mut self, id: TapeId, tape: Box<Tape>) {
        self.tapes.push((id, tape));
    }

    /// Takes what the room's last tick gave.
    pub(crate) fn take(&mut self, room: &Room, desk: &mut Desk) {
        self.tapes.iter_mut().for_each(|(_, tape)| tape.take(room, desk));
    }

    pub(crate) fn skip(&mut self) {
        self.tapes.iter_mut().for_each(|(_, tape)| tape.skip());
    }

    pub(crate) fn pause(&mut self, id: TapeId, on: bool) {
        if let Some(tape) = self.find(id) {
            tape.pause(on);
        }
    }

    /// Puts a line of the time line onto a tape; it comes back if there is no place.
    pub(crate) fn mark(&mut self, id: TapeId, line: Box<Mark>) -> Option<Box<Mark>> {
        match self.find(id) {
            Some(tape) => tape.mark(line),
            None => Some(line),
        }
    }

    /// Takes a tape out.
    pub(crate) fn end(&mut self, id: TapeId) -> Option<Box<Tape>> {
        let index = self.tapes.iter().position(|(other, _)| *other == id)?;
        Some(self.tapes.swap_remove(index).1)
    }

    /// One that is as long as it may be.
    pub(crate) fn over(&self) -> Option<TapeId> {
        self.tapes.iter().find(|(_, tape)| tape.is_over()).map(|(id, _)| *id)
    }

    fn find(&mut self, id: TapeId) -> Option<&mut Tape> {
        self.tapes.iter_mut().find(|(other, _)| *other == id).map(|(_, tape)| &mut **tape)
    }
}
