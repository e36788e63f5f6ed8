//! The part of `[profiles.NAME]` that is about rates, codecs and voices.

use confab_conference::{Codec, InbandDtmf, Line, LoudGuard, Negotiation, Opus, Rate, Voice};

use crate::section::Section;
use crate::tree::Value;

/// The level that `agc = true` brings speech to, dBov: the nominal one of ITU-T P.56.
const AGC_DBOV: i8 = -26;
/// FreeSWITCH's own words for the steps of its automatic gain; ours has none of them.
const AUTO_GAIN_STEPS: [&str; 4] =
    ["auto-gain-low-energy-level", "auto-gain-margin", "auto-gain-change-factor", "auto-gain-period-len"];
/// Frames above and time muted, where only `max-energy-level` is given.
const LOUD_HITS: u8 = 10;
const LOUD_MUTE_MS: u16 = 2000;

/// The sampling rate of a room.
pub(crate) fn rate(section: &mut Section<'_>, default: Rate) -> Rate {
    const ALLOWED: &str = "8000, 16000, 24000, 32000, 48000 or \"auto\"";
    let Some(at) = section.node("rate") else { return default };
    let fixed = |number: i64| Rate::ALL.into_iter().find(|rate| i64::from(*rate) == number).map(Rate::Fixed);
    let rate = match &at.value {
        Value::Integer(number) => fixed(*number),
        Value::String(text) => {
            if text == "auto" {
                Some(Rate::Auto)
            } else {
                text.parse().ok().and_then(fixed)
            }
        }
        _ => None,
    };
    rate.or_else(|| section.refuse(&at, "rooms cannot run at this rate", ALLOWED)).unwrap_or(default)
}

/// Milliseconds of a tick or of a packet.
pub(crate) fn milliseconds<T: TryFrom<i64>>(section: &mut Section<'_>, key: &'static str, default: T) -> T {
    let Some(at) = section.node(key) else { return default };
    let fitting = match at.value {
        Value::Integer(ms @ 10..=60) if ms % 10 == 0 => T::try_from(ms).ok(),
        _ => None,
    };
    let refused = || section.refuse(&at, "this is no length of a frame in ms", "10, 20, 30, 40, 50 or 60");
    fitting.or_else(refused).unwrap_or(default)
}

/// The codecs of a list, in its order.
pub(crate) fn codecs(section: &mut Section<'_>) -> Option<Vec<Codec>> {
    const ALLOWED: &str = "opus, G722, PCMU, PCMA, L16";
    let codec = |text: &str| Codec::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(text));
    let found = section.list("codecs", ALLOWED, codec)?;
    let mut codecs = Vec::new();
    for at in &found {
        if codecs.contains(&at.value) {
            section.context.report.error_at(at, "this codec is here twice", "");
        }
        codecs.push(at.value);
    }
    if found.is_empty() {
        section.error("without a codec nobody can call", format!("codecs = one or more of {ALLOWED}"));
    }
    (!codecs.is_empty()).then_some(codecs)
}

/// How legs are negotiated and coded; `codecs` are those of a profile that names none.
pub(crate) fn line(section: &mut Section<'_>, default_codecs: &[Codec]) -> Line {
    let default = Line::default();
    let negotiation = section.parsed("inbound-codec-negotiation", "\"generous\" or \"greedy\"", |text| {
        [("generous", Negotiation::Generous), ("greedy", Negotiation::Greedy)]
            .into_iter()
            .find_map(|(name, negotiation)| (name == text).then_some(negotiation))
    });
    let inband_dtmf = section.parsed("inband-dtmf", "\"auto\", \"always\" or \"never\"", |text| {
        [("auto", InbandDtmf::Auto), ("always", InbandDtmf::Always), ("never", InbandDtmf::Never)]
            .into_iter()
            .find_map(|(name, mode)| (name == text).then_some(mode))
    });
    Line {
        codecs: codecs(section).unwrap_or_else(|| default_codecs.to_vec()),
        negotiation: negotiation.map_or(default.negotiation, |at| at.value),
        opus: opus(section.section("opus")),
        ptime_ms: milliseconds(section, "ptime", default.ptime_ms),
        send_comfort_noise: section.boolean("send-comfort-noise").unwrap_or(default.send_comfort_noise),
        jitter_max_ms: section.integer("jitterbuffer-max", 20..=200).unwrap_or(default.jitter_max_ms),
        inband_dtmf: inband_dtmf.map_or(default.inband_dtmf, |at| at.value),
    }
}

/// What is done to voices.
pub(crate) fn voice(section: &mut Section<'_>) -> Voice {
    Voice {
        agc: agc(section).flatten(),
        denoise: section.boolean("denoise").unwrap_or(false),
        auto_energy: section.boolean("auto-energy-level").unwrap_or(false),
        loud_guard: loud_guard(section),
    }
}

/// `agc`, or FreeSWITCH's `auto-gain-level`; the outer `None`: neither.
pub(crate) fn agc(section: &mut Section<'_>) -> Option<Option<i8>> {
    for step in AUTO_GAIN_STEPS {
        if let Some(at) = section.other_name(step).filter(|at| !matches!(at.value, Value::Integer(1..))) {
            section.refuse::<()>(
                &at,
                "this is no whole number above 0",
                "a whole number, which has no effect: see `agc`",
            );
        }
    }
    let mean = section.other_name("auto-gain-level").and_then(|at| match at.value {
        Value::Boolean(on) => Some(on.then_some(AGC_DBOV)),
        Value::Integer(0) => Some(None),
        Value::Integer(mean @ 100..=8000) => Some(Some(level_of_mean(mean))),
        _ => section.refuse(&at, "this is no level", "true, false, or 100 to 8000: the mean of |sample|"),
    });
    let Some(at) = section.node("agc") else { return mean };
    match at.value {
        Value::Boolean(on) => Some(on.then_some(AGC_DBOV)),
        Value::Integer(level @ -40..=-10) => i8::try_from(level).ok().map(Some),
        _ => section.refuse(
            &at,
            "this is no level of speech",
            "true (which is -26), false, or -40 to -10 dBov",
        ),
    }
}

/// Speech has an effective value of some 4/3 of its mean of |sample|.
fn level_of_mean(mean: i64) -> i8 {
    let effective = mean as f64 * 4.0 / 3.0;
    (20.0 * (effective / 32768.0).log10()).round().clamp(-40.0, -10.0) as i8
}

fn loud_guard(section: &mut Section<'_>) -> Option<LoudGuard> {
    let level = section.integer("max-energy-level", 0..=32767);
    let hits = section.integer("max-energy-hit-trigger", 1..=255).unwrap_or(LOUD_HITS);
    let mute_ms = section.integer("max-energy-level-mute-ms", 100..=60_000).unwrap_or(LOUD_MUTE_MS);
    level.filter(|level| *level > 0).map(|level| LoudGuard { level, hits, mute_ms })
}

fn opus(mut section: Section<'_>) -> Opus {
    let default = Opus::default();
    Opus {
        bitrate: bitrate(&mut section).unwrap_or(default.bitrate),
        complexity: section.integer("complexity", 0..=10).unwrap_or(default.complexity),
        fec: section.boolean("fec").unwrap_or(default.fec),
        dtx: section.boolean("dtx").unwrap_or(default.dtx),
    }
}

fn bitrate(section: &mut Section<'_>) -> Option<u32> {
    let at = section.node("bitrate")?;
    match &at.value {
        Value::Integer(bitrate @ 6000..=510_000) => u32::try_from(*bitrate).ok(),
        Value::String(text) if text == "auto" => Some(0),
        _ => section.refuse(&at, "Opus has no such bit rate", "6000 to 510000 bit/s, or \"auto\""),
    }
}
