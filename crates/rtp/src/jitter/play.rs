//! What is played next.

use std::time::Instant;

use super::pulls::Pull;
use super::ring::{Content, SLOTS};
use super::{Frame, JitterBuffer, Next};
use crate::LONGEST_PART_MS;
use crate::framing::Part;

/// Without packets this much is concealed, in ms; then there is silence. Concealment has faded long before.
const MAX_CONCEALED_MS: i64 = 200;

impl JitterBuffer {
    /// What to play next. The reader calls this at each tick as often as it has less audio than the tick needs.
    /// `now` is the tick's nominal time; `held` is the decoded audio it holds, in clock units, which plays before this
    /// packet.
    pub fn next(&mut self, now: Instant, held: u32) -> Next<'_> {
        let held = held.into();
        // Pulls happen at ticks: what the reader still holds does not make a packet come earlier.
        let clock = self.clock(now);
        loop {
            self.pass_others();
            let Some(head) = self.head() else { return self.underrun(clock) };
            let start = self.start(head);
            let slack = clock - start - self.spread.base();
            match self.place(head, start) {
                Place::Silence if self.is_early(slack) => return Next::Wait,
                Place::Gap(gap) => return self.give_up(gap, head),
                Place::Silence | Place::Due if self.is_dispensable(head, slack) => self.drop_head(head),
                Place::Silence | Place::Due => return self.play(head, start, slack, held),
            }
        }
    }

    fn pass_others(&mut self) {
        while self.ring.content(self.next_sequence) == Content::Other {
            self.ring.mark(self.next_sequence, Content::Done);
            self.next_sequence = self.next_sequence.wrapping_add(1);
            self.position = None;
            self.concealed = 0;
        }
    }

    /// The first audio that waits.
    fn head(&self) -> Option<u16> {
        let waiting = self.newest?.sequence.wrapping_sub(self.next_sequence);
        if usize::from(waiting) >= SLOTS {
            return None;
        }
        let mut sequences = (0..=waiting).map(|ahead| self.next_sequence.wrapping_add(ahead));
        sequences.find(|sequence| self.ring.content(*sequence) == Content::Audio)
    }

    /// When what is left of the head begins.
    fn start(&self, head: u16) -> i64 {
        self.extend(self.ring.slot(head).timestamp) + self.played
    }

    /// How the head continues what was played. What was concealed meanwhile counts for what proves lost.
    fn place(&mut self, head: u16, start: i64) -> Place {
        let Some(position) = self.position else { return Place::Silence };
        let missing = head.wrapping_sub(self.next_sequence);
        let gap = start - position;
        if missing == 0 && gap > 0 {
            self.position = None;
            self.concealed = 0;
            return Place::Silence;
        }
        if missing == 0 {
            return Place::Due;
        }
        let paid = gap.min(self.concealed).max(0);
        self.concealed = 0;
        self.position = Some(position + paid);
        if gap <= paid {
            self.lose(missing);
            return Place::Due;
        }
        let covered = u16::try_from(paid / self.duration.max(1)).unwrap_or(0);
        self.lose(covered.min(missing - 1));
        Place::Gap(gap - paid)
    }

    /// The turn of so many packets is over, and they never came, or were no audio.
    fn lose(&mut self, packets: u16) {
        for _ in 0..packets {
            if self.ring.content(self.next_sequence) != Content::Other {
                self.bursts.bad();
            }
            self.next_sequence = self.next_sequence.wrapping_add(1);
        }
    }

    /// The packet that is due is lost, `head` behind it is there. A long one is given up in parts.
    fn give_up(&mut self, gap: i64, head: u16) -> Next<'_> {
        let (duration, longest) = (self.duration.max(1), self.ms(LONGEST_PART_MS.into()));
        let of_packet = if duration > longest { (gap - 1) % duration + 1 } else { gap.min(duration) };
        let units = of_packet.min(longest);
        self.lose(u16::from(units == of_packet));
        let end = self.position.map(|position| position + units);
        self.position = end;
        let units = self.count_concealed(units);
        let follows = head == self.next_sequence && end == Some(self.start(head));
        Next::Lost { units, next: follows.then(|| self.ring.payload(head)) }
    }

    /// Nothing is there. It may be late, lost, or never sent.
    fn underrun(&mut self, clock: i64) -> Next<'_> {
        let is_over = self.is_pause || self.concealed >= self.ms(MAX_CONCEALED_MS);
        let Some(position) = self.position.filter(|_| !is_over) else {
            self.position = None;
            self.concealed = 0;
            return Next::Wait;
        };
        if self.concealed == 0 {
            self.missed_slack = clock - position - self.spread.base();
        }
        let units = self.duration.min(self.ms(self.config.interval_ms.into()));
        self.concealed += units;
        Next::Lost { units: self.count_concealed(units), next: None }
    }

    fn count_concealed(&mut self, units: i64) -> u32 {
        let units = u32::try_from(units).unwrap_or(0);
        self.stats.concealed += 1;
        self.stats.concealed_units += u64::from(units);
        units
    }

    fn drop_head(&mut self, head: u16) {
        self.finish(head);
        self.bursts.bad();
        if self.concealed > 0 {
            let units = self.ring.slot(head).units();
            self.concealed -= units;
            self.position = Some(self.start(head) + units);
            self.stats.late += 1;
            return;
        }
        self.position = None;
        self.relent();
        self.stats.discarded += 1;
    }

    fn play(&mut self, head: u16, start: i64, slack: i64, held: i64) -> Next<'_> {
        self.lose(head.wrapping_sub(self.next_sequence));
        let (played, length) = (self.played, self.ring.slot(head).units());
        let is_long = length > self.ms(LONGEST_PART_MS.into());
        let units = if is_long { self.part(head, played).units.into() } else { length };
        let splice = self.position != Some(start) || self.concealed > 0;
        self.duration = length;
        self.is_pause = self.config.framing.is_pause(self.ring.payload(head));
        self.position = Some(start + units);
        self.concealed = 0;
        (self.fresh, self.hurries) = (false, false);
        self.note_pull(Pull { slack, held });
        self.played = played + units;
        if self.played >= length {
            self.finish(head);
            self.bursts.good();
        }
        let Part { payload, frame, units } = self.part(head, played);
        Next::Packet(Frame { payload, frame, timestamp: start as u32, units, splice })
    }

    /// What is played at once of `head`, of which so much was played.
    fn part(&self, head: u16, played: i64) -> Part<'_> {
        let longest = (self.config.clock_rate / 1000 * LONGEST_PART_MS).max(1);
        let units = self.ring.slot(head).units() as u32;
        self.config.framing.part(self.ring.payload(head), units, played as u32, longest)
    }

    /// The turn of `head`, and of what was missing before it, is over.
    fn finish(&mut self, head: u16) {
        self.played = 0;
        self.lose(head.wrapping_sub(self.next_sequence));
        self.ring.mark(head, Content::Done);
        self.next_sequence = head.wrapping_add(1);
    }
}

/// How the first waiting packet continues what was played.
enum Place {
    /// It follows silence.
    Silence,
    /// It follows without a gap.
    Due,
    /// So many clock units of lost packets come first.
    Gap(i64),
}
