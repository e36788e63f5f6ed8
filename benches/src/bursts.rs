//! How long sound takes through the server: one member's burst, found in what another member of the room gets.

use std::time::{Duration, Instant};

use confab_codec::{Codec, CodecError, Decoder};
use confab_rtp::Packet;

use crate::histogram::Histogram;
use crate::voice::{burst, onset};

/// From one burst of a room to its next.
const EVERY: Duration = Duration::from_millis(240);

/// A burst that was not found in that time is lost.
const LOST: Duration = Duration::from_millis(220);

/// The rooms in which bursts are sent.
#[derive(Debug)]
pub(crate) struct Bursts {
    rooms: Vec<Room>,
    /// The room whose burst a caller listens for.
    heard_by: Vec<Option<usize>>,
    /// The room in which a caller sends.
    sent_by: Vec<Option<usize>>,
    rate: u32,
    /// Where in its packet a burst begins, in samples.
    onset: usize,
    latency: Histogram,
    lost: u64,
}

#[derive(Debug)]
struct Room {
    senders: Vec<usize>,
    turn: usize,
    next: Instant,
    /// When the packet with the burst was sent.
    under_way: Option<Instant>,
    decoder: Decoder,
    pcm: Vec<i16>,
}

/// Who sends bursts in a room, in turn, and who listens.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    /// Who sends.
    pub(crate) senders: Vec<usize>,
    /// Who listens.
    pub(crate) listener: usize,
}

impl Bursts {
    /// Bursts in these rooms, of packets as the callers send them.
    ///
    /// # Errors
    /// When there is no such decoder.
    pub(crate) fn new(
        codec: Codec,
        ptime_ms: u32,
        callers: usize,
        probes: &[Probe],
    ) -> Result<Self, CodecError> {
        let (mut heard_by, mut sent_by) = (vec![None; callers], vec![None; callers]);
        let mut rooms = Vec::with_capacity(probes.len());
        for (index, probe) in probes.iter().enumerate() {
            heard_by[probe.listener] = Some(index);
            probe.senders.iter().for_each(|&sender| sent_by[sender] = Some(index));
            rooms.push(Room::new(codec, probe.senders.clone(), index)?);
        }
        let (rate, onset) =
            (codec.sample_rate(), onset(&burst(codec.sample_rate(), ptime_ms)).unwrap_or_default());
        Ok(Self { rooms, heard_by, sent_by, rate, onset, latency: Histogram::default(), lost: 0 })
    }

    /// From the sending of the packet with the burst to the receipt of the one that brings it, corrected by where in
    /// their packets the burst lies.
    pub(crate) fn latency(&self) -> &Histogram {
        &self.latency
    }

    /// Bursts that were never heard.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// Counts anew.
    pub(crate) fn restart(&mut self) {
        (self.latency, self.lost) = (Histogram::default(), 0);
    }

    /// Whether that caller's packet, which is sent now, shall carry a burst.
    pub(crate) fn is_due(&mut self, caller: usize, now: Instant) -> bool {
        let Some(index) = self.sent_by[caller] else { return false };
        let room = &mut self.rooms[index];
        if now < room.next || room.senders[room.turn % room.senders.len()] != caller {
            return false;
        }
        if room.under_way.replace(now).is_some() {
            self.lost += 1;
        }
        (room.turn, room.next) = (room.turn + 1, now + EVERY);
        true
    }

    /// Looks for the burst in what a caller gets.
    pub(crate) fn hear(&mut self, caller: usize, packet: &Packet<'_>, now: Instant) {
        let Some(index) = self.heard_by[caller] else { return };
        let room = &mut self.rooms[index];
        let Ok(samples) = room.decoder.decode(packet.payload, &mut room.pcm) else { return };
        let (Some(sent), Some(at)) = (room.under_way, onset(&room.pcm[..samples])) else { return };
        room.under_way = None;
        let within = |samples: usize| Duration::from_secs_f64(samples as f64 / f64::from(self.rate));
        let latency = (now + within(at)).saturating_duration_since(sent + within(self.onset));
        if latency < LOST {
            self.latency.record(latency);
        } else {
            self.lost += 1;
        }
    }
}

impl Room {
    fn new(codec: Codec, senders: Vec<usize>, index: usize) -> Result<Self, CodecError> {
        // Rooms take turns, so that their bursts do not come all at once.
        let next = Instant::now() + EVERY / 16 * (index as u32 % 16);
        let decoder = Decoder::new(codec, codec.sample_rate())?;
        let pcm = vec![0; codec.sample_rate() as usize / 8];
        Ok(Self { senders, turn: 0, next, under_way: None, decoder, pcm })
    }
}
