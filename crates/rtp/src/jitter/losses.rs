//! Whether packets are lost at present.

/// What one lost packet adds: it is remembered for so many packets.
const WEIGHT: u32 = 100;
/// What is remembered at most.
const MOST: u32 = 10 * WEIGHT;
/// A step of the sequence beyond this is no loss.
const FAR: u16 = 64;

/// A leaky count of the missing packets: losses of one percent and more keep it up.
#[derive(Debug, Default)]
pub(super) struct Losses {
    newest: Option<u16>,
    score: u32,
}

impl Losses {
    /// A packet came, for the first time.
    pub(super) fn came(&mut self, sequence: u16) {
        let Some(newest) = self.newest else {
            self.newest = Some(sequence);
            return;
        };
        let ahead = sequence.wrapping_sub(newest);
        if ahead > u16::MAX / 2 {
            // It was counted as missing, and is late only.
            self.score = self.score.saturating_sub(WEIGHT);
            return;
        }
        self.newest = Some(sequence);
        if let Some(missing) = ahead.checked_sub(1).filter(|missing| *missing < FAR) {
            self.score = (self.score + WEIGHT * u32::from(missing)).min(MOST).saturating_sub(1);
        }
    }

    /// More than one packet was lost lately.
    pub(super) fn are_frequent(&self) -> bool {
        self.score > WEIGHT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_losses_and_forgives_reordering() {
        let mut losses = Losses::default();
        (0..50).for_each(|sequence| losses.came(sequence));
        losses.came(51);
        losses.came(50);
        assert!(!losses.are_frequent());
        losses.came(53);
        losses.came(55);
        assert!(losses.are_frequent());
        (56..300).for_each(|sequence| losses.came(sequence));
        assert!(!losses.are_frequent());
    }
}
