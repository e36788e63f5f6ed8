//! Keys that are pressed towards a phone (RFC 4733).

use confab_rtp::{EventPacket, EventSender};

/// For how long a key is down, and at least up before the next one, ms.
const DOWN_MS: u32 = 100;
const UP_MS: u32 = 60;
/// Keys that may wait.
const WAITING: usize = 32;

/// The key that is down, and those that wait.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    sender: EventSender,
    /// A ring of characters.
    waiting: [u8; WAITING],
    first: u8,
    count: u8,
    /// For how long the last key is to be up still, ms.
    up_ms: u32,
}

impl Keys {
    /// Presses a key after those that wait; false if too many do, or if there is no such key.
    pub(crate) fn press(&mut self, digit: char) -> bool {
        let count = usize::from(self.count);
        let fits = count < WAITING && EventSender::is_key(digit);
        if fits {
            self.waiting[(usize::from(self.first) + count) % WAITING] = digit as u8;
            self.count += 1;
        }
        fits
    }

    /// What is sent in place of the next `ms` of audio, at the RTP time `timestamp`; the clock of events has so many units
    /// in a ms.
    pub(crate) fn next(&mut self, ms: u32, units_per_ms: u32, timestamp: u32) -> Option<EventPacket> {
        if !self.sender.is_active() {
            self.up_ms = self.up_ms.saturating_sub(ms);
            let digit = self.take()?;
            self.sender.press(digit, DOWN_MS * units_per_ms, timestamp);
            self.up_ms = UP_MS;
        }
        self.sender.next(u16::try_from(ms * units_per_ms).unwrap_or(u16::MAX))
    }

    fn take(&mut self) -> Option<char> {
        if self.count == 0 || self.up_ms > 0 {
            return None;
        }
        let digit = *self.waiting.get(usize::from(self.first))?;
        self.first = (self.first + 1) % WAITING as u8;
        self.count -= 1;
        Some(digit.into())
    }
}
