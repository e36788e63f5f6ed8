//! The loss that an Opus encoder prepares for, from what the peer reports.

/// What encoders are told, percent, and the smoothed loss at which each step begins. Few steps, so that legs go on sharing
/// encoders; a step down comes only at half of that.
const STEPS: [(u8, f32); 4] = [(0, 0.0), (5, 2.0), (10, 7.0), (20, 15.0)];

/// Weight of the newest report.
const NEWEST: f32 = 0.3;

/// The expected loss of one leg, in steps with hysteresis.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct ExpectedLoss {
    /// Percent.
    smoothed: f32,
    step: u8,
}

impl ExpectedLoss {
    /// Takes note of the fraction lost in a receiver report, in 1/256 (RFC 3550 §6.4.1).
    pub(crate) fn note(&mut self, fraction_lost: u8) {
        let percent = f32::from(fraction_lost) / 2.56;
        self.smoothed += (percent - self.smoothed) * NEWEST;
        let begun = STEPS.iter().rposition(|(_, begin)| self.smoothed >= *begin).unwrap_or(0);
        let held = STEPS.iter().rposition(|(_, begin)| self.smoothed >= begin / 2.0).unwrap_or(0);
        self.step = self.step.clamp(begun as u8, held as u8);
    }

    /// What the encoder is to be told, percent.
    pub(crate) fn percent(self) -> u8 {
        STEPS[usize::from(self.step)].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(loss: &mut ExpectedLoss, percent: f32, reports: usize) -> u8 {
        (0..reports).for_each(|_| loss.note((percent * 2.56) as u8));
        loss.percent()
    }

    #[test]
    fn steps_up_with_loss_and_down_again_late() {
        let mut loss = ExpectedLoss::default();
        assert_eq!(after(&mut loss, 0.5, 50), 0);
        assert_eq!(after(&mut loss, 5.0, 20), 5);
        assert_eq!(after(&mut loss, 30.0, 20), 20);
        assert_eq!(after(&mut loss, 8.2, 20), 20, "not before half of where the step begins");
        assert_eq!(after(&mut loss, 6.0, 20), 10);
        assert_eq!(after(&mut loss, 0.0, 20), 0);
    }

    #[test]
    fn one_bad_report_is_no_reason_for_the_highest_step() {
        let mut loss = ExpectedLoss::default();
        assert!(after(&mut loss, 30.0, 1) < 20);
    }

    #[test]
    fn loss_around_a_step_does_not_flutter() {
        let mut loss = ExpectedLoss::default();
        after(&mut loss, 8.0, 20);
        for report in 0..40 {
            assert_eq!(after(&mut loss, if report % 2 == 0 { 6.2 } else { 7.8 }, 1), 10);
        }
    }
}
