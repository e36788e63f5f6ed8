//! Which of the encodings that both sides have is taken, and under which numbers we offer ours.

use std::cmp::Reverse;

use crate::encoding::Encoding;
use crate::formats::{COMFORT_NOISE_PAYLOAD_TYPE, Meaning};
use crate::stream::{Events, Local, Preference, Stream};

/// Payload types that may mean anything (RFC 3551 §3).
const DYNAMIC: std::ops::RangeInclusive<u8> = 96..=127;

/// What we promise to receive.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    pub(crate) encodings: Vec<(Encoding, u8)>,
    /// Telephone-events by clock rate, Hz.
    pub(crate) events: Vec<(u32, u8)>,
    /// Comfort noise of a clock of 8000 Hz, the only one that we know.
    pub(crate) comfort_noise: Option<u8>,
}

/// The encoding of an answer to the peer's offer.
pub(crate) fn of_offer(local: &Local, formats: &[(u8, Meaning)]) -> Option<(Encoding, u8)> {
    let place = |encoding: Encoding| local.encodings.iter().position(|own| *own == encoding);
    let width = |encoding: Encoding| encoding.sample_rate().min(local.useful_rate);
    match local.preference {
        Preference::Own => common(local, formats).min_by_key(|(encoding, _)| place(*encoding)),
        Preference::Peer => common(local, formats).min_by_key(|(encoding, _)| Reverse(width(*encoding))),
    }
}

/// The encodings of a line that we have too, in its order.
pub(crate) fn common<'a>(
    local: &'a Local,
    formats: &'a [(u8, Meaning)],
) -> impl Iterator<Item = (Encoding, u8)> + 'a {
    formats.iter().filter_map(|(payload_type, meaning)| match meaning {
        Meaning::Audio(encoding) if local.encodings.contains(encoding) => Some((*encoding, *payload_type)),
        _ => None,
    })
}

/// The telephone-events that go with audio of a clock rate: those of the same, else of 8000 Hz (as phones do with
/// Opus), else any. Clock rate and payload type.
pub(crate) fn events_for(clock_rate: u32, formats: &[(u8, Meaning)]) -> Option<(u32, u8)> {
    let of_rate = |wanted: u32| {
        formats
            .iter()
            .find(|(_, meaning)| *meaning == Meaning::Events(wanted))
            .map(|(number, _)| (wanted, *number))
    };
    let any = || {
        formats.iter().find_map(|(number, meaning)| match meaning {
            Meaning::Events(rate) => Some((*rate, *number)),
            _ => None,
        })
    };
    of_rate(clock_rate).or_else(|| of_rate(8000)).or_else(any)
}

/// All that we have, what is negotiated first and under the numbers that are in use.
pub(crate) fn next_offer(local: &Local, current: Option<&Stream>) -> Offered {
    let mut numbers = Numbers::of(current);
    let kept = current.map(|stream| stream.encoding);
    let mut encodings: Vec<(Encoding, u8)> = local
        .encodings
        .iter()
        .filter(|encoding| Some(**encoding) != kept)
        .map(|encoding| (*encoding, numbers.take(encoding.payload_type())))
        .collect();
    encodings.sort_by_key(|(encoding, _)| is_wasteful(*encoding, local.useful_rate));
    if let Some(stream) = current.filter(|stream| local.encodings.contains(&stream.encoding)) {
        encodings.insert(0, (stream.encoding, stream.receive_payload_type));
    }
    let comfort_noise = current.and_then(|stream| stream.comfort_noise);
    Offered {
        events: if local.telephone_event {
            offered_events(&encodings, current, &mut numbers)
        } else {
            Vec::new()
        },
        comfort_noise: local.comfort_noise.then(|| comfort_noise.unwrap_or(COMFORT_NOISE_PAYLOAD_TYPE)),
        encodings,
    }
}

/// Whether an encoding spends octets on what nobody hears: L16 beyond the useful rate is offered last.
fn is_wasteful(encoding: Encoding, useful_rate: u32) -> bool {
    matches!(encoding, Encoding::L16 { rate } if rate > useful_rate)
}

/// Telephone-events of each clock rate among the encodings (RFC 4733 §2.1).
fn offered_events(
    encodings: &[(Encoding, u8)],
    current: Option<&Stream>,
    numbers: &mut Numbers,
) -> Vec<(u32, u8)> {
    let mut events: Vec<(u32, u8)> = Vec::new();
    let goes_along =
        |events: &Events| encodings.iter().any(|(encoding, _)| encoding.clock_rate() == events.clock_rate);
    if let Some(kept) = current.and_then(|stream| stream.events).filter(goes_along) {
        events.push((kept.clock_rate, kept.receive_payload_type));
    }
    for rate in encodings.iter().map(|(encoding, _)| encoding.clock_rate()) {
        if !events.iter().any(|(known, _)| *known == rate) {
            let wanted = match rate {
                8000 => 101,
                48_000 => 110,
                _ => 115,
            };
            events.push((rate, numbers.take(wanted)));
        }
    }
    events
}

/// Payload types that are spoken for.
struct Numbers {
    used: Vec<u8>,
}

impl Numbers {
    fn of(current: Option<&Stream>) -> Self {
        let events = current.and_then(|stream| stream.events).map(|events| events.receive_payload_type);
        let audio = current.map(|stream| stream.receive_payload_type);
        let comfort_noise = current.and_then(|stream| stream.comfort_noise);
        Self { used: audio.into_iter().chain(events).chain(comfort_noise).collect() }
    }

    /// The wanted number, or another dynamic one if something else has it.
    fn take(&mut self, wanted: u8) -> u8 {
        let is_free = |number: &u8| !self.used.contains(number);
        let free = is_free(&wanted).then_some(wanted).or_else(|| DYNAMIC.rev().find(is_free));
        let number = free.unwrap_or(wanted);
        self.used.push(number);
        number
    }
}
