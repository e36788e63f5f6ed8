//! What a peer may do beyond a plain call: keys of `[sip]`, of users and of gateways.

use std::time::Duration;

use confab_sip::{Extension, PeerOptions};

use super::profiles::choice;
use crate::section::Section;

const EXTENSION: [(Extension, &str); 4] = [
    (Extension::Off, "off"),
    (Extension::Supported, "supported"),
    (Extension::Preferred, "preferred"),
    (Extension::Required, "required"),
];

/// The options of a user or a gateway; what they do not say is as `default` has it.
pub(crate) fn options(section: &mut Section<'_>, default: PeerOptions) -> PeerOptions {
    let seconds = |section: &mut Section<'_>, key, least: u64, default| {
        section.integer(key, least..=86_400).map_or(default, Duration::from_secs)
    };
    let options = PeerOptions {
        session_timers: choice(section, "session-timers", &EXTENSION).unwrap_or(default.session_timers),
        session_expires: seconds(section, "session-expires", 90, default.session_expires),
        min_se: seconds(section, "min-se", 90, default.min_se),
        reliable: choice(section, "100rel", &EXTENSION).unwrap_or(default.reliable),
        isfocus: section.boolean("isfocus").unwrap_or(default.isfocus),
        events: section.boolean("conference-events").unwrap_or(default.events),
        refer: section.boolean("refer").unwrap_or(default.refer),
        replaces: section.boolean("replaces").unwrap_or(default.replaces),
    };
    if options.session_expires < options.min_se {
        section.error("session-expires is below min-se", "");
    }
    options
}
