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
/// A key that is said to be down for so many ms already, though nothing of it was heard, is not believed.
const MAX_UNHEARD_MS: u32 = 5000;
/// Two presses of one key begin at least so many ms apart: 40 ms down and 40 ms up (ITU-T Q.24), less some clock error.
/// Some senders let the timestamp run on while a key is down, against RFC 4733 §2.1: what is nearer is the same press.
const SAME_PRESS_MS: u32 = 70;
/// An event that is so many ms older than the last one is no late packet: the sender began anew.
const RESTARTED_MS: u32 = 10_000;

/// Finds the keys in received telephone-events (RFC 4733). A key is reported once, by the first packet of it that
/// arrives, whichever that is.
#[derive(Debug)]
pub struct EventReceiver {
    /// Clock units of a millisecond.
    ms: u32,
    last: Option<Heard>,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    event: u8,
    timestamp: u32,
    /// The longest that was told.
    duration: u16,
    ended: bool,
}

impl EventReceiver {
    /// A receiver that has seen nothing, of events whose clock has `clock_rate` Hz.
    #[must_use]
    pub fn new(clock_rate: u32) -> Self {
        Self { ms: (clock_rate / 1000).clamp(1, 1000), last: None }
    }

    /// Take the payload and the RTP timestamp of one event packet; a digit if it is news.
    pub fn receive(&mut self, payload: &[u8], timestamp: u32) -> Option<char> {
        let ([event, flags, d0, d1], _) = payload.split_first_chunk::<4>()?;
        let digit = char::from(*KEYS.get(usize::from(*event))?);
        let heard = Heard {
            event: *event,
            timestamp,
            duration: u16::from_be_bytes([*d0, *d1]),
            ended: flags & END != 0,
        };
        if let Some(last) = self.last {
            if self.is_same_press(&last, &heard) {
                let duration = if timestamp == last.timestamp {
                    heard.duration.max(last.duration)
                } else {
                    heard.duration
                };
                self.last = Some(Heard { duration, ended: last.ended || heard.ended, ..heard });
                return None;
            }
            let behind = last.timestamp.wrapping_sub(timestamp);
            if (1..=RESTARTED_MS * self.ms).contains(&behind) {
                return None;
            }
        }
        if u32::from(heard.duration) > MAX_UNHEARD_MS * self.ms || heard.ended && heard.duration == 0 {
            return None;
        }
        self.last = Some(heard);
        Some(digit)
    }

    /// Forget what was seen: the stream has another SSRC now.
    pub fn reset(&mut self) {
        self.last = None;
    }

    /// Whether both packets are of one key, or of the segments of one (RFC 4733 §2.5.1.3).
    fn is_same_press(&self, last: &Heard, heard: &Heard) -> bool {
        let ahead = heard.timestamp.wrapping_sub(last.timestamp);
        let goes_on = last.event == heard.event && (!last.ended || heard.ended);
        let is_long = u32::from(last.duration) > SEGMENT / 2 && !last.ended;
        let since_end = ahead.wrapping_sub(last.duration.into());
        ahead == 0
            || goes_on && ahead < SAME_PRESS_MS * self.ms
            || goes_on
                && is_long
                && ahead <= SEGMENT
                && (ahead == SEGMENT || since_end < SAME_PRESS_MS * self.ms)
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
    /// Start of the segment.
    timestamp: u32,
    /// How long the key is still down at the start of the segment.
    duration: u32,
    /// Of the segment.
    elapsed: u32,
    is_first: bool,
    ends: u8,
}

impl EventSender {
    /// A sender with no key down.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is such a key: `0-9 * # A-D`.
    #[must_use]
    pub fn is_key(digit: char) -> bool {
        code(digit).is_some()
    }

    /// Press a key (`0-9 * # A-D`) for `duration` clock units, starting at the RTP time `timestamp`
    /// ([`crate::Outbound::timestamp`]). False if there is no such key, or one is down.
    pub fn press(&mut self, digit: char, duration: u32, timestamp: u32) -> bool {
        let Some(event) = code(digit).filter(|_| self.key.is_none()) else { return false };
        self.key = Some(Key { event, timestamp, duration, elapsed: 0, is_first: true, ends: 0 });
        true
    }

    /// The packet for the next packet interval of `units`; `None` when the key and its ends are sent.
    pub fn next(&mut self, units: u16) -> Option<EventPacket> {
        let key = self.key.as_mut()?;
        let marker = std::mem::take(&mut key.is_first);
        if key.ends == 0 {
            key.advance(units.into());
        }
        let over = key.elapsed >= key.duration;
        key.ends += u8::from(over);
        let [d0, d1] = u16::try_from(key.elapsed).unwrap_or(u16::MAX).to_be_bytes();
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

impl Key {
    /// What does not fit in a duration goes on in another segment, right behind this one.
    fn advance(&mut self, units: u32) {
        if self.elapsed + units > SEGMENT {
            self.timestamp = self.timestamp.wrapping_add(self.elapsed);
            self.duration = self.duration.saturating_sub(self.elapsed);
            self.elapsed = 0;
        }
        self.elapsed += units;
    }
}

/// The event of a key.
fn code(digit: char) -> Option<u8> {
    let event = KEYS.iter().position(|&key| char::from(key) == digit.to_ascii_uppercase())?;
    u8::try_from(event).ok()
}

#[cfg(test)]
mod tests;
