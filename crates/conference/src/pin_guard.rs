//! Who guesses PINs is locked out, for longer each time.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::input::Caller;
use crate::limits::Window;

/// Calls without the right PIN, of one number at one address, before it is locked out.
const CALLER_PATIENCE: u32 = 5;

/// The same for an address as a whole; more, since a gateway's callers share theirs.
const SOURCE_PATIENCE: u32 = 20;

const FIRST_LOCK: Duration = Duration::from_secs(60);
const LONGEST_LOCK: Duration = Duration::from_secs(3600);

/// Wrong PINs at one room in [`ATTACK_WINDOW`] that make an attack of it. During an attack a call has one
/// try, and who was wrong before has none.
const ATTACK: usize = 40;

const ATTACK_WINDOW: Duration = Duration::from_secs(600);

/// Suspects remembered at one time; the one that was bad longest ago is forgotten first.
const MAX_SUSPECTS: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Suspect {
    Caller(Option<IpAddr>, String),
    Source(IpAddr),
}

impl Suspect {
    fn all(caller: &Caller) -> impl Iterator<Item = Self> {
        let of_number = Self::Caller(caller.source, caller.number.clone());
        caller.source.map(Self::Source).into_iter().chain([of_number])
    }

    fn patience(&self) -> u32 {
        match self {
            Self::Caller(..) => CALLER_PATIENCE,
            Self::Source(_) => SOURCE_PATIENCE,
        }
    }
}

#[derive(Debug)]
struct Record {
    bad_calls: u32,
    last: Instant,
}

impl Record {
    /// How long he is locked out after his last bad call.
    fn lock(&self, patience: u32) -> Duration {
        let Some(beyond) = self.bad_calls.checked_sub(patience) else { return Duration::ZERO };
        FIRST_LOCK.saturating_mul(1 << beyond.min(16)).min(LONGEST_LOCK)
    }
}

#[derive(Debug, Default)]
pub(crate) struct PinGuard {
    records: BTreeMap<Suspect, Record>,
    /// Wrong PINs by room, of those in which there were some in [`ATTACK_WINDOW`].
    rooms: BTreeMap<String, Window>,
}

impl PinGuard {
    /// For how long yet the caller is locked out of the room.
    pub(crate) fn locked_for(&mut self, now: Instant, caller: &Caller, room: &str) -> Option<Duration> {
        let least = if self.is_attacked(now, room) { ATTACK_WINDOW } else { Duration::ZERO };
        let remaining = |suspect: Suspect| {
            let record = self.records.get(&suspect)?;
            (record.last + record.lock(suspect.patience()).max(least)).checked_duration_since(now)
        };
        Suspect::all(caller).filter_map(remaining).max().filter(|remaining| !remaining.is_zero())
    }

    /// Whether so many PINs were wrong that a call has one try only.
    pub(crate) fn is_attacked(&mut self, now: Instant, room: &str) -> bool {
        self.rooms.get_mut(room).is_some_and(|wrong| wrong.count(now, ATTACK_WINDOW) >= ATTACK)
    }

    /// A PIN was wrong.
    pub(crate) fn wrong(&mut self, now: Instant, room: &str) {
        if self.is_attacked(now, room) {
            return;
        }
        if !self.rooms.contains_key(room) {
            self.rooms.retain(|_, wrong| wrong.count(now, ATTACK_WINDOW) > 0);
        }
        self.rooms.entry(room.to_owned()).or_default().add(now);
    }

    /// Rooms of which wrong PINs are remembered.
    pub(crate) fn rooms(&self) -> usize {
        self.rooms.len()
    }

    /// In a call the first PIN was wrong.
    pub(crate) fn bad_call(&mut self, now: Instant, caller: &Caller) {
        for suspect in Suspect::all(caller) {
            if self.records.len() >= MAX_SUSPECTS && !self.records.contains_key(&suspect) {
                self.forget_oldest();
            }
            let record = self.records.entry(suspect).or_insert(Record { bad_calls: 0, last: now });
            if now.saturating_duration_since(record.last) > LONGEST_LOCK * 2 {
                record.bad_calls = 0;
            }
            record.bad_calls += 1;
            record.last = now;
        }
    }

    /// He knew the PIN: he is no suspect, and his address is one bad call less suspect.
    pub(crate) fn passed(&mut self, caller: &Caller) {
        self.records.remove(&Suspect::Caller(caller.source, caller.number.clone()));
        let Some(source) = caller.source.map(Suspect::Source) else { return };
        let Some(record) = self.records.get_mut(&source) else { return };
        record.bad_calls = record.bad_calls.saturating_sub(1);
        if record.bad_calls == 0 {
            self.records.remove(&source);
        }
    }

    fn forget_oldest(&mut self) {
        let oldest =
            self.records.iter().min_by_key(|(_, record)| record.last).map(|(suspect, _)| suspect.clone());
        oldest.and_then(|suspect| self.records.remove(&suspect));
    }
}
