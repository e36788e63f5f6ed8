//! Whether packets are lost at present.

/// What one lost packet adds: it is remembered for so many packets, 12 s of 20 ms.
const WEIGHT: u32 = 600;
/// What is remembered at most, 60 s of 20 ms: each change of mind costs a stretch of the sound.
const MOST: u32 = 5 * WEIGHT;
/// A step of the sequence beyond this is no loss.
const FAR: u16 = 64;

/// A leaky count of the missing packets: losses of a few per mille and more keep it up.
#[derive(Debug, Default)]
pub(super) struct Losses {
    newest: Option<u16>,
    score: u32,
    are_frequent: bool,
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
            return self.judge(self.score.saturating_sub(WEIGHT));
        }
        self.newest = Some(sequence);
        if let Some(missing) = ahead.checked_sub(1).filter(|missing| *missing < FAR) {
            self.judge((self.score + WEIGHT * u32::from(missing)).min(MOST).saturating_sub(1));
        }
    }

    /// More than one packet was lost lately, and not all of that is forgotten yet.
    pub(super) fn are_frequent(&self) -> bool {
        self.are_frequent
    }

    fn judge(&mut self, score: u32) {
        self.score = score;
        self.are_frequent = score > WEIGHT || self.are_frequent && score > 0;
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
        (56..800).for_each(|sequence| losses.came(sequence));
        assert!(losses.are_frequent());
        (800..1300).for_each(|sequence| losses.came(sequence));
        assert!(!losses.are_frequent());
    }

    #[test]
    fn one_percent_is_frequent_without_a_break_and_one_per_mille_is_not() {
        let frequent = |every: u16| {
            let mut losses = Losses::default();
            let told = |sequence| {
                losses.came(sequence);
                losses.are_frequent()
            };
            (0..20_000)
                .filter(|sequence| sequence % every != every - 1)
                .map(told)
                .skip(1000)
                .collect::<Vec<_>>()
        };
        assert!(frequent(100).iter().all(|&frequent| frequent));
        assert!(frequent(1000).iter().all(|&frequent| !frequent));
    }
}
