//! What the payload types of a media line mean.

use sdp_types::{Attribute, Media};

use crate::encoding::Encoding;
use crate::opus::OpusParameters;

/// The most payload types of one stream that are looked at.
const MAX_FORMATS: usize = 64;
/// Static payload type of comfort noise (RFC 3389 §4).
pub(crate) const COMFORT_NOISE_PAYLOAD_TYPE: u8 = 13;

/// What one payload type of the peer means to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    Audio(Encoding),
    /// Telephone-events of this clock rate, Hz (RFC 4733).
    Events(u32),
    /// Comfort noise of this clock rate, Hz (RFC 3389).
    ComfortNoise(u32),
}

/// The payload types of a line that mean something to us, in its order.
pub(crate) fn formats(media: &Media) -> Vec<(u8, Meaning)> {
    let maps = payload_type_maps(&media.attributes);
    let mut seen = [false; 128];
    let mut formats = Vec::new();
    for word in media.fmt.split_ascii_whitespace().take(MAX_FORMATS) {
        let Some(payload_type) = word.parse::<u8>().ok().filter(|&number| number < 128) else { continue };
        if std::mem::replace(&mut seen[usize::from(payload_type)], true) {
            continue;
        }
        let meaning = match maps[usize::from(payload_type)] {
            Some(mapped) => mapped,
            None => static_meaning(payload_type),
        };
        formats.extend(meaning.map(|meaning| (payload_type, meaning)));
    }
    formats
}

/// What the line says of its first Opus.
pub(crate) fn opus_parameters(media: &Media, formats: &[(u8, Meaning)]) -> OpusParameters {
    let opus = formats.iter().find(|(_, meaning)| *meaning == Meaning::Audio(Encoding::Opus));
    let text = opus.and_then(|(payload_type, _)| fmtp(&media.attributes, *payload_type).next());
    text.map(OpusParameters::parse).unwrap_or_default()
}

/// Whether a telephone-event of the line lists event 16, alone or at the end of a range.
pub(crate) fn lists_flash(media: &Media, formats: &[(u8, Meaning)]) -> bool {
    let mut events = formats.iter().filter(|(_, meaning)| matches!(meaning, Meaning::Events(_)));
    events.any(|(payload_type, _)| {
        let mut lists = fmtp(&media.attributes, *payload_type);
        lists.any(|list| list.split(',').any(|range| range.trim().rsplit('-').next() == Some("16")))
    })
}

/// The values of the `a=fmtp` lines of a payload type.
fn fmtp(attributes: &[Attribute], payload_type: u8) -> impl Iterator<Item = &str> {
    attributes.iter().filter(|attribute| attribute.attribute.eq_ignore_ascii_case("fmtp")).filter_map(
        move |line| {
            let (number, value) = line.value.as_deref()?.trim().split_once(' ')?;
            (number.parse() == Ok(payload_type)).then_some(value)
        },
    )
}

/// The meaning that `a=rtpmap` gives: outer `None` without a readable line, inner `None` for one that we do not speak.
fn payload_type_maps(attributes: &[Attribute]) -> [Option<Option<Meaning>>; 128] {
    let mut maps = [None; 128];
    let lines = attributes.iter().filter(|attribute| attribute.attribute.eq_ignore_ascii_case("rtpmap"));
    for (payload_type, encoding) in lines.filter_map(|line| line.value.as_deref()?.trim().split_once(' ')) {
        let slot = payload_type.parse().ok().and_then(|number: usize| maps.get_mut(number));
        let mut parts = encoding.trim().split('/').map(str::trim);
        let (name, rate) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let rate = rate.parse::<u32>().ok().filter(|&rate| rate > 0);
        if let Some((slot, rate)) = slot.zip(rate) {
            *slot = Some(meaning_of(name, rate, parts.next().unwrap_or_default()));
        }
    }
    maps
}

fn meaning_of(name: &str, rate: u32, channels: &str) -> Option<Meaning> {
    if name.eq_ignore_ascii_case("telephone-event") {
        return Some(Meaning::Events(rate));
    }
    if name.eq_ignore_ascii_case("CN") {
        return Some(Meaning::ComfortNoise(rate));
    }
    Encoding::of_rtpmap(name, rate, channels).map(Meaning::Audio)
}

fn static_meaning(payload_type: u8) -> Option<Meaning> {
    if payload_type == COMFORT_NOISE_PAYLOAD_TYPE {
        return Some(Meaning::ComfortNoise(8000));
    }
    let is = |encoding: &Encoding| encoding.static_payload_type() == Some(payload_type);
    Encoding::ALL.into_iter().find(is).map(Meaning::Audio)
}
