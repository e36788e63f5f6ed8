//! What the mixer tells.

use crate::Slot;

/// What happened in a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The member began to talk.
    TalkStarted(Slot),
    /// The member no longer talks.
    TalkStopped(Slot),
    /// The playback ran to its end.
    PlaybackDone(u64),
    /// The member sent a digit as a tone (`0`-`9`, `*`, `#`, `A`-`D`).
    Digit(Slot, char),
    /// The member was too loud for too long and is muted for a while.
    TooLoud(Slot),
    /// The member talks, though it is muted; again when it has been silent in between.
    MutedTalk(Slot),
    /// Who has the floor changes.
    Floor {
        /// The member.
        slot: Slot,
        /// It has the floor now, and who had it no longer does; if not, nobody has it now.
        on: bool,
    },
    /// The member sends back what it is sent, or no longer does.
    Echo {
        /// The member.
        slot: Slot,
        /// It does.
        on: bool,
        /// How late it comes back, ms.
        delay_ms: u16,
        /// How much softer it comes back, dB.
        loss_db: u8,
    },
}
