//! Whether somebody talks who is muted.

/// Talk for so long, ms, less the time without it, is told.
const TALK_MS: u16 = 300;
/// What counts at most, ms: after as much silence it may be told again.
const MOST_MS: u16 = 1500;
/// The level of a gate that lets everything through: then this is talk.
const USUAL_LEVEL: u32 = 100;

/// Listens to one muted member.
#[derive(Debug, Clone, Default)]
pub(crate) struct MutedTalk {
    heard_ms: u16,
    is_told: bool,
}

impl MutedTalk {
    /// Takes the score of a frame and the level of the gate; whether talk is to be told now.
    pub(crate) fn hear(&mut self, score: u32, level: u32, interval_ms: u16) -> bool {
        let level = if level == 0 { USUAL_LEVEL } else { level };
        self.heard_ms = match score > level {
            true => (self.heard_ms + interval_ms).min(MOST_MS),
            false => self.heard_ms.saturating_sub(interval_ms),
        };
        self.is_told &= self.heard_ms > 0;
        let tells = self.heard_ms >= TALK_MS && !self.is_told;
        self.is_told |= tells;
        tells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ticks of 20 ms, told by their number.
    fn told(scores: impl Iterator<Item = u32>, level: u32) -> Vec<usize> {
        let mut muted = MutedTalk::default();
        scores.enumerate().filter(|(_, score)| muted.hear(*score, level, 20)).map(|(tick, _)| tick).collect()
    }

    #[test]
    fn talk_is_told_once_until_it_has_paused() {
        let talk = |ticks| std::iter::repeat_n(500, ticks);
        let silence = |ticks| std::iter::repeat_n(10, ticks);
        assert_eq!(told(talk(500), 100), [14]);
        assert_eq!(told(talk(14).chain(silence(20)).chain(talk(10)), 100), [0; 0], "a cough is no talk");
        assert_eq!(told(talk(50).chain(silence(30)).chain(talk(50)), 100), [14], "between two words");
        assert_eq!(told(talk(50).chain(silence(80)).chain(talk(50)), 100), [14, 144]);
        assert_eq!((told(talk(50), 600), told(talk(50), 0)), (vec![], vec![14]));
    }
}
