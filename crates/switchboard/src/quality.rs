//! What the members' lines are like: kept for each leg, a warning while somebody is choppy, a line at the end.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use confab_conference::LegId;
use confab_rtp::{Evidence, Load, Quality, Verdict};
use confab_sdp::Encoding;

use crate::{Notice, Switchboard};

/// As long as the reason stays the same, it is told so often.
const WARN_AGAIN: Duration = Duration::from_secs(60);
/// Legs that are gone whose last word has not come; it comes at once unless the audio engine is lost.
const MOST_DEPARTED: usize = 16_384;

/// What the audio engine measured of one leg.
#[derive(Debug, Clone, PartialEq)]
pub struct LineQuality {
    /// Since the leg's start.
    pub quality: Quality,
    /// Why it is choppy, if it is.
    pub verdict: Verdict,
}

/// The newest word on a leg's line.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) latest: Option<Box<LineQuality>>,
    warned: Option<(Instant, Verdict)>,
}

/// Which leg, over what kind of line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineName {
    /// The leg's room and number.
    pub leg: Box<str>,
    /// What was agreed on last.
    pub encoding: Option<Encoding>,
}

/// As in `room 1004: 1001 (opus/48000/2)`.
impl fmt::Display for LineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.leg)?;
        self.encoding.map_or(Ok(()), |encoding| write!(f, " ({encoding})"))
    }
}

/// The legs that are gone and of which the audio engine has a last word to say.
#[derive(Debug, Default)]
pub(crate) struct Departed {
    names: BTreeMap<LegId, LineName>,
}

impl Departed {
    pub(crate) fn add(&mut self, leg: LegId, name: LineName) {
        if self.names.len() == MOST_DEPARTED {
            self.names.pop_first();
        }
        self.names.insert(leg, name);
    }
}

impl Switchboard {
    /// What is known of a leg's line, once the audio engine has told.
    pub fn line_quality(&self, leg: LegId) -> Option<&LineQuality> {
        self.legs.find(leg)?.watch.latest.as_deref()
    }

    pub(crate) fn on_quality(&mut self, now: Instant, id: LegId, line: Box<LineQuality>) {
        let Some(leg) = self.legs.find_mut(id) else { return };
        let warn = leg.watch.is_worth_a_warning(now, line.verdict);
        let name = leg.line_name();
        leg.watch.latest = Some(line.clone());
        if warn {
            self.notice(Notice::Choppy { name, line });
        }
    }

    /// The last word on a leg, which is gone: the verdict is that on the whole call.
    pub(crate) fn on_line_over(&mut self, id: LegId, quality: Quality) {
        let Some(name) = self.departed.names.remove(&id) else { return };
        let (before, load) = (Quality::default(), Load::default());
        let verdict = Evidence::between((&before, &load), (&quality, &load)).verdict();
        self.notice(Notice::LineOver { name, line: Box::new(LineQuality { quality, verdict }) });
    }
}

impl Watch {
    fn is_worth_a_warning(&mut self, now: Instant, verdict: Verdict) -> bool {
        if verdict == Verdict::Good {
            self.warned = None;
            return false;
        }
        let warn = self.warned.is_none_or(|(at, known)| known != verdict || now >= at + WARN_AGAIN);
        if warn {
            self.warned = Some((now, verdict));
        }
        warn
    }
}

/// One line: what came, what was made of it, how both sides hear each other.
impl fmt::Display for LineQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let up = &self.quality.uplink;
        write!(
            f,
            "{} packets, {} lost, {} late, jitter {} ms, buffer {} ms, {} ms concealed, {} ms put in, {} ms taken out, ",
            up.packets,
            up.lost.max(0),
            up.late,
            up.jitter_us / 1000,
            up.buffer_us / 1000,
            up.concealed_ms,
            up.stretched_in_ms,
            up.stretched_out_ms,
        )?;
        if let Some(round_trip) = self.quality.round_trip {
            write!(f, "round trip {} ms, ", round_trip.as_millis())?;
        }
        write!(f, "MOS {:.1} from it", up.score.mos_cq)?;
        if let Some(down) = &self.quality.downlink {
            write!(f, ", {:.1} to it", down.score.mos_cq)?;
        }
        write!(f, ": {}", reason(self.verdict))
    }
}

fn reason(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "good",
        Verdict::Uplink => "choppy, because of its way to us",
        Verdict::Downlink => "choppy, because of our way to it",
        Verdict::Clock => "choppy, because its clock is off",
        Verdict::OurLoad => "choppy, because this server is overloaded",
    }
}
