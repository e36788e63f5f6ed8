//! How punctual a phone is: when its packets leave that are due.

use std::time::Duration;

use crate::Random;

/// What tells a phone that a packet is due.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Timer {
    /// Its sound card: on the microsecond.
    #[default]
    Exact,
    /// A timer of a system that has other things to do: up to half a ms late, one in a hundred 2 to 4 ms, one in five hundred
    /// 6 to 8 ms.
    Busy,
    /// A clock that ticks so seldom: what is due leaves at its next tick. 40 ms send packets of 20 ms in pairs.
    Coarse(Duration),
}

/// A share of the packets is late, from and to so many ms; what is left, up to [`USUAL_MS`].
const LATE: [(f64, f64, f64); 2] = [(0.002, 6.0, 8.0), (0.01, 2.0, 4.0)];
const USUAL_MS: f64 = 0.5;

impl Timer {
    /// When that leaves which is due at `due`.
    pub(crate) fn fires(self, due: Duration, random: &mut Random) -> Duration {
        match self {
            Self::Exact => due,
            Self::Busy => due + Duration::from_secs_f64(lateness_ms(random) / 1000.0),
            Self::Coarse(tick) => {
                let past = due.as_nanos() % tick.as_nanos();
                due + Duration::from_nanos(((tick.as_nanos() - past) % tick.as_nanos()) as u64)
            }
        }
    }
}

fn lateness_ms(random: &mut Random) -> f64 {
    let (mut lot, within) = (random.fraction(), random.fraction());
    for (share, from, to) in LATE {
        if lot < share {
            return from + (to - from) * within;
        }
        lot -= share;
    }
    USUAL_MS * within
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_timer_is_late_now_and_then() {
        let (due, mut random) = (Duration::from_millis(20), Random::new(1));
        let late = || Timer::Busy.fires(due, &mut random) - due;
        let all: Vec<u128> =
            std::iter::repeat_with(late).take(100_000).map(|late| late.as_micros()).collect();
        let between = |from: u128, to: u128| all.iter().filter(|late| (from..to).contains(late)).count();
        assert!((150..250).contains(&between(6000, 8000)), "{}", between(6000, 8000));
        assert!((900..1100).contains(&between(2000, 4000)), "{}", between(2000, 4000));
        assert_eq!(between(0, 500) + between(2000, 4000) + between(6000, 8000), all.len());
    }

    #[test]
    fn a_coarse_timer_fires_when_it_ticks() {
        let ms = Duration::from_millis;
        let mut random = Random::new(1);
        let fired = [1, 10, 11, 40].map(|due| Timer::Coarse(ms(10)).fires(ms(due), &mut random));
        assert_eq!(fired, [ms(10), ms(10), ms(20), ms(40)]);
    }
}
