//! What confab promises about the line and the voice, held by simulated rooms in virtual time.

mod codecs;
mod echo;
mod handover;
mod line;
mod mix;
mod pains;
mod phase;
mod retune;
mod support;
mod verdict;
