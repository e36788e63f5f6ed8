//! What a run found, in words and as JSON.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::dialling::Calls;
use crate::floor::Floor;
use crate::histogram::Histogram;
use crate::process::Usage;
use crate::sound::Findings;
use crate::stream::Counts;
use crate::traffic::Tally;
use crate::wire::CodecName;

/// A generator that sends 0.1 % of its packets later than this, or any later than `LATEST`, measures itself. A quarter of a
/// packet is what networks do: it costs a server nothing, and glitches that it may provoke are counted by themselves.
const LATE: Duration = Duration::from_millis(5);
const LATEST: Duration = Duration::from_millis(18);

/// What one run found.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Callers that were to be.
    pub(crate) callers: usize,
    /// Members of a room.
    pub(crate) per_room: usize,
    /// Of these, who talk.
    pub(crate) talkers: usize,
    /// The codec.
    pub(crate) codec: CodecName,
    /// Callers that were there.
    pub(crate) up: usize,
    /// Which try this is: a run in which the generator was late may be tried again.
    pub(crate) tries: u32,
    /// What became of the calls.
    pub(crate) calls: Calls,
    /// Calls that were ended in a second while it was measured.
    pub(crate) call_rate: f64,
    /// What the receivers got.
    pub(crate) counts: Counts,
    /// What they heard.
    pub(crate) findings: Findings,
    /// What we did ourselves.
    pub(crate) tally: Tally,
    /// How late the server's packets were by their own grid.
    pub(crate) ticks: Histogram,
    /// Datagrams that our sockets dropped.
    pub(crate) own_drops: u64,
    /// How long sound takes, when that was measured.
    pub(crate) latency: Option<Latency>,
    /// What the server used, when its process is on this machine.
    pub(crate) server: Option<ServerUse>,
    /// What a bare echo of the same packets costs, when that was measured.
    pub(crate) floor: Option<Floor>,
}

/// From packet in to packet out.
#[derive(Clone, Debug)]
pub(crate) struct Latency {
    /// Of all bursts that were heard.
    pub(crate) times: Histogram,
    /// Bursts that were not.
    pub(crate) lost: u64,
}

/// What the server used while everybody was there.
#[derive(Clone, Debug)]
pub(crate) struct ServerUse {
    /// In `elapsed`.
    pub(crate) used: Usage,
    /// How long was measured.
    pub(crate) elapsed: Duration,
    /// Resident memory before the first call, octets.
    pub(crate) empty: u64,
    /// Datagrams that its sockets dropped.
    pub(crate) dropped: u64,
    /// Resident memory as it went, octets.
    pub(crate) memory: Vec<u64>,
}

impl ServerUse {
    /// Cores that were busy.
    pub(crate) fn cores(&self) -> f64 {
        self.used.time().as_secs_f64() / self.elapsed.as_secs_f64()
    }
}

impl Outcome {
    /// Why the run says nothing about the server: the generator was late itself.
    pub fn invalid(&self) -> Vec<String> {
        let lateness = &self.tally.lateness;
        let mut why = Vec::new();
        if lateness.percentile(99.9) > LATE || lateness.max() > LATEST {
            let (p999, max) = (lateness.percentile_ms(99.9), lateness.max().as_secs_f64() * 1e3);
            why.push(format!("we sent late: p99.9 {p999:.1} ms, at most {max:.1} ms"));
        }
        if self.own_drops + self.tally.send_failures > 0 {
            let (dropped, failed) = (self.own_drops, self.tally.send_failures);
            why.push(format!("our own sockets dropped {dropped} and refused {failed} datagrams"));
        }
        why
    }

    /// What the server did wrong.
    pub fn faults(&self) -> Vec<String> {
        let failed: u64 = self.calls.failures.values().sum();
        let missing = (self.callers - self.up.min(self.callers)) as u64;
        let mut faults = told([(failed, "calls failed"), (missing, "callers not there")]);
        faults.extend(self.faults_inside());
        faults
    }

    /// What went wrong for those who were let in.
    pub(crate) fn faults_inside(&self) -> Vec<String> {
        let Counts { lost, reordered, jumps, gaps, silent, mute_receivers, .. } = self.counts;
        let heard = &self.findings;
        let dropped = self.server.as_ref().map_or(0, |server| server.dropped);
        told([
            (self.calls.dropped, "calls dropped"),
            (mute_receivers, "receivers without a packet"),
            (lost, "packets lost"),
            (reordered, "packets out of order"),
            (jumps, "jumps of timestamp or SSRC"),
            (gaps, "gaps"),
            (dropped, "datagrams dropped by the server's sockets"),
            (if self.latency.is_none() { silent } else { 0 }, "silent packets"),
            (heard.wrong_level, "windows with a talker missing or at a wrong level"),
            (heard.own_voice, "windows with the own voice"),
            (heard.glitches, "windows with a glitch"),
            (self.latency.as_ref().map_or(0, |latency| latency.lost), "bursts not heard"),
        ])
    }

    /// How many the server let in, if it politely refused the others for want of room (RFC 3261 §21.4.24, §21.5.4).
    pub(crate) fn admitted(&self) -> Option<usize> {
        let failures = &self.calls.failures;
        let refused = !failures.is_empty() && failures.keys().all(|status| [486, 503].contains(status));
        refused.then_some(self.up)
    }

    /// True if the run is valid and the server without fault.
    pub fn passes(&self) -> bool {
        self.invalid().is_empty() && self.faults().is_empty()
    }

    /// Why the run is invalid, or else what went wrong, in one line.
    pub fn verdict(&self) -> String {
        let (invalid, faults) = (self.invalid(), self.faults());
        match (invalid.is_empty(), faults.is_empty()) {
            (false, _) => format!("INVALID: {}", invalid.join(", ")),
            (true, false) => faults.join(", "),
            (true, true) => "no fault".into(),
        }
    }

    /// Microseconds of a core that the server needs for a caller in a second.
    pub fn cost_us(&self) -> Option<f64> {
        let server = self.server.as_ref().filter(|_| self.up > 0)?;
        Some(server.cores() * 1e6 / self.up as f64)
    }

    /// The cost of the bare echo over that of the server.
    pub fn ratio(&self) -> Option<f64> {
        Some(self.floor?.cost_us / self.cost_us()?)
    }

    /// Packets that the receivers got.
    pub fn packets(&self) -> u64 {
        self.counts.packets
    }

    /// Windows of 80 ms that were listened to.
    pub fn windows(&self) -> u64 {
        self.findings.windows
    }

    /// Of these, before which no packet of a talker had left late: in them every glitch is the server's.
    pub fn strict_windows(&self) -> u64 {
        self.findings.undisturbed
    }

    /// Packets of ours that left late enough to disturb, of a thousand.
    pub fn late_per_mille(&self) -> f64 {
        self.tally.lateness.share_above(crate::lapse::DISTURBING) * 1000.0
    }

    /// Calls that were answered, and calls that failed.
    pub fn calls(&self) -> (u64, u64) {
        (self.calls.answered, self.calls.failures.values().sum())
    }

    /// KiB of memory that a caller takes.
    pub fn memory_kib(&self) -> Option<f64> {
        let server = self.server.as_ref().filter(|_| self.up > 0)?;
        Some(server.used.resident.saturating_sub(server.empty) as f64 / 1024.0 / self.up as f64)
    }

    /// The figures for machines.
    pub fn json(&self) -> Value {
        let (counts, findings, tally) = (&self.counts, &self.findings, &self.tally);
        json!({
            "callers": self.callers, "up": self.up, "per_room": self.per_room, "talkers": self.talkers,
            "codec": self.codec.to_string(),
            "set_up_ms": percentiles(&self.calls.set_up), "failures": self.calls.failures,
            "packets": counts.packets, "lost": counts.lost, "gaps": counts.gaps, "jumps": counts.jumps,
            "jitter_ms": counts.jitter * 1e3, "longest_gap_ms": counts.longest_gap.as_secs_f64() * 1e3,
            "windows": findings.windows, "wrong_level": findings.wrong_level,
            "own_voice": findings.own_voice, "glitches": findings.glitches,
            "lateness_ms": percentiles(&tally.lateness),
            "ticks_ms": percentiles(&self.ticks),
            "latency_ms": self.latency.as_ref().map(|latency| percentiles(&latency.times)),
            "cost_us": self.cost_us(), "memory_kib": self.memory_kib(), "ratio": self.ratio(),
            "floor_us": self.floor.map(|floor| floor.cost_us),
            "invalid": self.invalid(), "faults": self.faults(),
        })
    }
}

fn percentiles(histogram: &Histogram) -> Value {
    json!({
        "p50": histogram.percentile_ms(50.0), "p99": histogram.percentile_ms(99.0),
        "p99.9": histogram.percentile_ms(99.9), "max": histogram.max().as_secs_f64() * 1e3,
    })
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { callers, up, per_room, talkers, codec, calls, counts, findings, tally, .. } = self;
        writeln!(f, "callers      {up} of {callers}, {codec}, rooms of {per_room}, {talkers} of them talk")?;
        writeln!(
            f,
            "set-up       {}, {} answered, {:.0} ended in a second, failures {:?}",
            Times(&calls.set_up),
            calls.answered,
            self.call_rate,
            calls.failures
        )?;
        writeln!(
            f,
            "received     {} packets, {} lost, {} out of order, {} jumps, {} gaps (longest {:.1} ms), {} silent, jitter {:.2} ms",
            counts.packets,
            counts.lost,
            counts.reordered,
            counts.jumps,
            counts.gaps,
            counts.longest_gap.as_secs_f64() * 1e3,
            counts.silent,
            counts.jitter * 1e3
        )?;
        if let Some(latency) = &self.latency {
            writeln!(
                f,
                "latency      {}, {} bursts, {} lost",
                Times(&latency.times),
                latency.times.count(),
                latency.lost
            )?;
        } else {
            sound(f, findings)?;
        }
        if let Some(server) = &self.server {
            self.usage(f, server)?;
        }
        if let Some(floor) = &self.floor {
            writeln!(f, "floor        {floor}")?;
        }
        if let Some(ratio) = self.ratio() {
            writeln!(f, "ratio        {:.0} % of the floor", ratio * 100.0)?;
        }
        writeln!(f, "ticks        late by {}", Times(&self.ticks))?;
        writeln!(f, "generator    sent {} packets, late by {}", tally.sent, Times(&tally.lateness))?;
        write!(f, "verdict      {}", self.verdict())
    }
}

impl Outcome {
    fn usage(&self, f: &mut fmt::Formatter<'_>, server: &ServerUse) -> fmt::Result {
        let (cost, memory) = (self.cost_us().unwrap_or_default(), self.memory_kib().unwrap_or_default());
        writeln!(
            f,
            "server       {:.1} % of a core, {cost:.1} us/s a caller: {:.0} callers per core",
            server.cores() * 100.0,
            1e6 / cost.max(1e-9)
        )?;
        let seconds = server.elapsed.as_secs_f64();
        let mut threads: Vec<_> = server.used.threads.values().collect();
        threads.sort_by_key(|thread| std::cmp::Reverse(thread.1));
        let busiest: Vec<String> = threads
            .iter()
            .take(4)
            .map(|(name, time)| format!("{name} {:.1} %", time.as_secs_f64() / seconds * 100.0))
            .collect();
        writeln!(f, "threads      {}: {}", threads.len(), busiest.join(", "))?;
        writeln!(
            f,
            "memory       {:.1} MiB, {memory:.1} KiB a caller; {:.0} waits and {:.0} preemptions a second",
            server.used.resident as f64 / f64::from(1 << 20),
            server.used.waits as f64 / seconds,
            server.used.preemptions as f64 / seconds
        )
    }
}

fn sound(f: &mut fmt::Formatter<'_>, findings: &Findings) -> fmt::Result {
    let level = |level: Option<f32>| level.map_or_else(|| "-".to_owned(), |level| format!("{level:.1}"));
    writeln!(
        f,
        "heard        {} windows, {} of them while we were in time: talkers at {} to {} dBov, {} wrong, {} own voice, {} glitches \
         and {} after packets that we sent late; impurity {} dB",
        findings.windows,
        findings.undisturbed,
        level(findings.quietest),
        level(findings.loudest),
        findings.wrong_level,
        findings.own_voice,
        findings.glitches,
        findings.provoked,
        level(findings.worst_impurity)
    )?;
    findings.complaints.iter().try_for_each(|complaint| writeln!(f, "             {complaint}"))
}

/// What was counted at least once, in words.
fn told<const KINDS: usize>(counted: [(u64, &str); KINDS]) -> Vec<String> {
    counted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect()
}

/// The percentiles of a histogram in words.
struct Times<'a>(&'a Histogram);

impl fmt::Display for Times<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, p999] = [50.0, 99.0, 99.9].map(|percent| self.0.percentile_ms(percent));
        let max = self.0.max().as_secs_f64() * 1e3;
        write!(f, "p50 {p50:.2} p99 {p99:.2} p99.9 {p999:.2} max {max:.2} ms")
    }
}
