//! What listeners would say of a line: the E-model (ITU-T G.107, G.107.1).

/// The best that a narrow-band line can be: R of G.107 with all its defaults.
const NARROW: f32 = 93.2;
/// The best that a wide-band line can be (G.107.1).
const WIDE: f32 = 129.0;
/// Wide-band R is told on the scale of narrow-band R divided by this (G.107.1 annex A).
const WIDE_SCALE: f32 = 1.29;
/// Delay that does not disturb, ms (G.107 §3.4, mT).
const DELAY_UNHEARD_MS: f32 = 100.0;

/// How much a codec spoils by itself, and how well it and its concealment bear losses (G.107 §3.5).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impairment {
    /// Ie, or on a wide-band line Ie,wb: 0 is as good as the line can be.
    pub equipment: f32,
    /// Bpl, the packet loss robustness in percent.
    pub robustness: f32,
    /// It carries 7 kHz and more, so the wide-band scale holds.
    pub is_wide: bool,
}

impl Impairment {
    /// G.711, and L16 at 8 kHz, with pitch based concealment: G.113 appendix I, G.711 with its own appendix I.
    pub const G711: Self = Self { equipment: 0.0, robustness: 25.1, is_wide: false };
    /// G.722 at 64 kbit/s: Ie,wb of G.113 appendix IV. No Bpl is published for a concealment like ours; taken between that
    /// of G.711 with silence (4.3) and with concealment.
    pub const G722: Self = Self { equipment: 13.0, robustness: 10.0, is_wide: true };
    /// Linear samples at 16 kHz or more: what Ie,wb is measured against. Bpl as for G.722, concealed alike.
    pub const L16_WIDE: Self = Self { equipment: 0.0, robustness: 10.0, is_wide: true };
    /// Opus at 16 kbit/s or more. It has no published Ie; listening tests put it near AMR-WB at 20 to 24 kbit/s (1 to 8 in
    /// G.113 appendix IV). Bpl for in-band FEC that mends single losses.
    pub const OPUS: Self = Self { equipment: 5.0, robustness: 15.0, is_wide: true };

    /// What becomes of a line that loses `loss` (0 to 1) in runs that are `burst_ratio` times as long as at random, and
    /// has `delay_ms` from mouth to ear. Echo is taken as cancelled, all else as the defaults of G.107.
    #[must_use]
    pub fn score(&self, loss: f32, burst_ratio: f32, delay_ms: f32) -> Score {
        let percent = 100.0 * loss.clamp(0.0, 1.0);
        let lossy = (percent / (percent / burst_ratio.max(1.0) + self.robustness.max(1.0))).min(1.0);
        let equipment = self.equipment + (95.0 - self.equipment) * lossy;
        let (best, scale) = if self.is_wide { (WIDE, WIDE_SCALE) } else { (NARROW, 1.0) };
        let listening = (best - equipment) / scale;
        let conversation = (best - equipment - delay_impairment(delay_ms)) / scale;
        let mos_lq = opinion(listening);
        Score { r_factor: conversation.clamp(0.0, 100.0), mos_lq, mos_cq: opinion(conversation).min(mos_lq) }
    }
}

/// An estimate of the opinion of users. Narrow-band and wide-band lines have each their own scale: a perfect narrow-band
/// line has 4.4, a perfect wide-band line 4.5.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Score {
    /// R factor of the conversation, 0 to 100.
    pub r_factor: f32,
    /// Mean opinion of who only listens, 1 to 4.5.
    pub mos_lq: f32,
    /// Mean opinion of who converses: delay counts.
    pub mos_cq: f32,
}

/// Idd (G.107 §3.4).
fn delay_impairment(delay_ms: f32) -> f32 {
    if delay_ms <= DELAY_UNHEARD_MS {
        return 0.0;
    }
    let x = (delay_ms / DELAY_UNHEARD_MS).log2();
    let sixth = |x: f32| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    (25.0 * (sixth(x) - 3.0 * sixth(x / 3.0) + 2.0)).max(0.0)
}

/// MOS from R (G.107 annex B).
fn opinion(r: f32) -> f32 {
    let r = r.clamp(0.0, 100.0);
    (1.0 + 0.035 * r + 7e-6 * r * (r - 60.0) * (100.0 - r)).clamp(1.0, 4.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_of_the_model() {
        // Computed by the formulas of G.107 by hand.
        let table = [
            (Impairment::G711, 0.0, 1.0, 0.0, 93.2, 4.41, 4.41),
            (Impairment::G711, 0.0, 1.0, 200.0, 90.13, 4.41, 4.34),
            (Impairment::G711, 0.0, 1.0, 400.0, 68.7, 4.41, 3.54),
            (Impairment::G711, 0.05, 1.0, 50.0, 77.42, 3.92, 3.92),
            (Impairment::G711, 0.05, 2.0, 50.0, 75.99, 3.86, 3.86),
            (Impairment::G722, 0.0, 1.0, 0.0, 89.92, 4.34, 4.34),
            (Impairment::OPUS, 0.05, 1.0, 0.0, 78.68, 3.96, 3.96),
        ];
        for (codec, loss, ratio, delay, r, lq, cq) in table {
            let score = codec.score(loss, ratio, delay);
            let near = |a: f32, b: f32, by: f32| (a - b).abs() < by;
            let right =
                near(score.r_factor, r, 0.6) && near(score.mos_lq, lq, 0.02) && near(score.mos_cq, cq, 0.02);
            assert!(right, "{codec:?} {loss} {delay}: {score:?}");
        }
    }

    #[test]
    fn delay_that_is_just_heard_is_no_gain() {
        for tenth in 990..1100_u16 {
            let score = Impairment::G711.score(0.0, 1.0, f32::from(tenth) / 10.0);
            assert!(score.mos_cq <= score.mos_lq, "{tenth}: {score:?}");
        }
    }

    #[test]
    fn the_worse_the_line_the_worse_the_score() {
        for codec in [Impairment::G711, Impairment::G722, Impairment::L16_WIDE, Impairment::OPUS] {
            let mut before = codec.score(0.0, 1.0, 0.0);
            for step in 1..=50_u8 {
                let now = codec.score(f32::from(step) / 50.0, 1.5, 12.0 * f32::from(step));
                assert!(now.r_factor <= before.r_factor && now.mos_lq <= before.mos_lq, "{codec:?} {step}");
                assert!(now.mos_cq <= now.mos_lq && now.mos_cq >= 1.0, "{codec:?} {step}: {now:?}");
                before = now;
            }
        }
    }
}
