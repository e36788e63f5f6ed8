//! Recordings: tapes in rooms, and their reels.

use std::time::Duration;

use confab_audio::{Format, LegId, Taken};

use super::Engine;
use crate::command::{CommandError, RoomId, RoomRate};
use crate::order::{Order, What};
use crate::place::RoomPlace;
use crate::recording::{Clip, Mark, RecordingId, Reel, TapeId, clip, tape};

/// The longest name, ms.
const LONGEST_NAME_MS: u32 = 10_000;

impl Engine {
    /// Begins a recording of what a room hears: what comes is on the reel. `parts` gives each voice a track of its own,
    /// beside the mix; `cuts` leaves pauses out.
    ///
    /// # Errors
    /// There is no such room, or its worker does not keep up.
    pub fn record(
        &mut self,
        recording: RecordingId,
        room: RoomId,
        parts: bool,
        cuts: bool,
    ) -> Result<Reel, CommandError> {
        let place = self.rooms.get(&room).ok_or(CommandError::UnknownRoom(room))?;
        let (worker, longest) = (place.worker, longest(place));
        let (tape, reel) = tape(Taken::Mix { parts }, longest, cuts, None);
        self.order(worker, room, What::Record(TapeId::Recording(recording), Box::new(tape)))?;
        self.recordings.insert(recording, room);
        Ok(reel)
    }

    /// Keeps what comes from a leg, whoever hears it, for so long at most; told by
    /// [`Event::NameRecorded`](crate::Event::NameRecorded).
    ///
    /// # Errors
    /// There is no such leg, or its worker does not keep up.
    pub fn record_name(&mut self, leg: LegId, max: Duration) -> Result<(), CommandError> {
        let started = self.started(leg)?;
        let place = self.rooms.get(&started.room).ok_or(CommandError::UnknownRoom(started.room))?;
        let most = LONGEST_NAME_MS.min(max.as_millis().try_into().unwrap_or(LONGEST_NAME_MS));
        let (tape, reel) = tape(Taken::Input(leg), longest(place), false, Some(most));
        self.order(started.worker, started.room, What::Record(TapeId::Name(leg), Box::new(tape)))?;
        self.names.insert(leg, reel);
        Ok(())
    }

    /// What was heard of a leg, once.
    pub fn take_name(&mut self, leg: LegId) -> Option<Clip> {
        self.names.remove(&leg).map(clip)
    }

    pub(super) fn pause_recording(&mut self, recording: RecordingId, on: bool) -> Result<(), CommandError> {
        self.order_recording(recording, What::PauseTape(TapeId::Recording(recording), on))
    }

    pub(super) fn mark(&mut self, recording: RecordingId, line: Box<Mark>) -> Result<(), CommandError> {
        self.order_recording(recording, What::Mark(TapeId::Recording(recording), line))
    }

    /// The order waits if there is no place for it now.
    pub(super) fn stop_recording(&mut self, recording: RecordingId) -> Result<(), CommandError> {
        let room = self.recordings.remove(&recording).ok_or(CommandError::UnknownRecording(recording))?;
        if let Some(place) = self.rooms.get(&room) {
            let what = What::EndTape(TapeId::Recording(recording));
            self.links[place.worker].send(Order { room, what });
        }
        Ok(())
    }

    fn order_recording(&mut self, recording: RecordingId, what: What) -> Result<(), CommandError> {
        let unknown = CommandError::UnknownRecording(recording);
        let room = *self.recordings.get(&recording).ok_or(unknown)?;
        let worker = self.rooms.get(&room).ok_or(CommandError::UnknownRoom(room))?.worker;
        self.order(worker, room, what)
    }
}

/// How a room mixes at its highest rate.
fn longest(place: &RoomPlace) -> Format {
    match place.plan.rate {
        RoomRate::Fixed(_) => place.format,
        RoomRate::Auto => Format { rate: Format::RATES[Format::RATES.len() - 1], ..place.format },
    }
}
