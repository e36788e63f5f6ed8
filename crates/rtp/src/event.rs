//! Keys as telephone-events (RFC 4733), received and sent.

/// The events that are keys of a phone, by their code (RFC 4733 §3.2).
const KEYS: &[u8; 16] = b"0123456789*#ABCD";
const END: u8 = 0x80;
/// Level of the keys that we send: −10 dBm0.
const VOLUME: u8 = 10;
/// How often the end of a key is sent (RFC 4733 §2.5.1.4).
const ENDS: u8 = 3;
/// The longest duration that one event can say, in timestamp units; longer keys go on in further segments.
const SEGMENT: u32 = 0xffff;
/// A key that is said to be down for 5 s already, though nothing of it was heard, is not believed.
const MAX_UNHEARD: u16 = 40_000;
/// Two presses of one key begin at least so far apart: 40 ms down and 40 ms up (ITU-T Q.24), less some clock error. Some
/// senders let the timestamp run on while a key is down, against RFC 4733 §2.1: what is nearer is the same press.
const SAME_PRESS: u32 = 560;
/// An event this much older than the last one (10 s) is no late packet: the sender began anew.
const RESTARTED: i32 = -80_000;

/// Finds the keys in received telephone-events (RFC 4733). A key is reported once, by the first packet of it that
/// arrives, whichever that is. Times are for the 8 kHz clock.
#[derive(Debug, Default)]
pub struct EventReceiver {
    last: Option<Heard>,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    event: u8,
    timestamp: u32,
    ended: bool,
}

impl EventReceiver {
    /// A receiver that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Take the payload and the RTP timestamp of one event packet; a digit if it is news.
    pub fn receive(&mut self, payload: &[u8], timestamp: u32) -> Option<char> {
        let ([event, flags, d0, d1], _) = payload.split_first_chunk::<4>()?;
        let digit = char::from(*KEYS.get(usize::from(*event))?);
        let ended = flags & END != 0;
        let duration = u16::from_be_bytes([*d0, *d1]);
        if let Some(last) = &mut self.last {
            let ahead = timestamp.wrapping_sub(last.timestamp);
            let goes_on = last.event == *event && (!last.ended || ended);
            let next_segment = ahead == SEGMENT && goes_on && !last.ended;
            if ahead == 0 || next_segment || goes_on && ahead < SAME_PRESS {
                *last = Heard { timestamp, ended: last.ended || ended, ..*last };
                return None;
            }
            if (RESTARTED..0).contains(&ahead.cast_signed()) {
                return None;
            }
        }
        if duration > MAX_UNHEARD || ended && duration == 0 {
            return None;
        }
        self.last = Some(Heard { event: *event, timestamp, ended });
        Some(digit)
    }

    /// Forget what was seen: the stream has another SSRC now.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// One packet of a key to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    /// First packet of the key.
    pub marker: bool,
    /// RTP timestamp of the key's start, the same in all its packets.
    pub timestamp: u32,
    /// The payload (RFC 4733 §2.3).
    pub payload: [u8; 4],
}

/// Makes the packets of the keys we send (RFC 4733 §2.5.1): updates while it is down, then three ends.
#[derive(Debug, Default)]
pub struct EventSender {
    key: Option<Key>,
}

#[derive(Debug, Clone, Copy)]
struct Key {
    event: u8,
    timestamp: u32,
    duration: u16,
    elapsed: u16,
    ends: u8,
}

impl EventSender {
    /// A sender with no key down.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Press a key (`0-9 * # A-D`) for `duration` samples, starting at the RTP time `timestamp`
    /// ([`crate::Outbound::timestamp`]). False if there is no such key, or one is down.
    pub fn press(&mut self, digit: char, duration: u16, timestamp: u32) -> bool {
        let event = KEYS.iter().position(|&key| char::from(key) == digit.to_ascii_uppercase());
        let Some(event) = event.and_then(|event| u8::try_from(event).ok()).filter(|_| self.key.is_none())
        else {
            return false;
        };
        self.key = Some(Key { event, timestamp, duration, elapsed: 0, ends: 0 });
        true
    }

    /// The packet for the next packet interval of `samples`; `None` when the key and its ends are sent.
    pub fn next(&mut self, samples: u16) -> Option<EventPacket> {
        let key = self.key.as_mut()?;
        let marker = key.elapsed == 0;
        if key.ends == 0 {
            key.elapsed = key.elapsed.saturating_add(samples);
        }
        let over = key.elapsed >= key.duration;
        key.ends += u8::from(over);
        let [d0, d1] = key.elapsed.to_be_bytes();
        let flags = if over { END | VOLUME } else { VOLUME };
        let packet = EventPacket { marker, timestamp: key.timestamp, payload: [key.event, flags, d0, d1] };
        if key.ends == ENDS {
            self.key = None;
        }
        Some(packet)
    }

    /// Whether a key is down or its ends are still to be sent.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.key.is_some()
    }
}

#[cfg(test)]
mod tests;
