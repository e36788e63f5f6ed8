//! From the tree to the configuration, section by section.

mod audio;
mod controls;
mod dialling;
mod flags;
mod gateways;
mod inherit;
mod invite;
mod names;
mod peers;
mod pins;
mod profiles;
mod recording;
mod roles;
mod routes;
mod services;
mod sip;
mod sounds;
mod users;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use confab_conference::{Codec, Settings};

use self::names::Names;

use crate::config::{Config, LogConfig, MediaConfig, SilenceLimits};
use crate::parse;
use crate::section::{Context, Section};
use crate::source::At;
use crate::tree::{Node, Value};

/// Reads the whole tree. What is wrong is in the report afterwards; the result then holds defaults in its
/// place.
pub(crate) fn config(context: &Context, mut node: Node) -> Config {
    inherit::resolve(&context.report, &mut node);
    let mut root = Section::root(context, node);
    let security = sip::security(root.section("security"));
    let sip = sip::sip(root.section("sip"));
    let exposed = sip.listen.iter().any(|(_, address)| !address.ip().is_loopback());
    let weak_allowed = security.allow_weak_passwords || !exposed;
    let users = users::users(root.sections("users"), weak_allowed, sip.others);
    let gateways = gateways::gateways(root.named("gateways"), sip.others);
    let media =
        media(root.section("media"), &sip.advertise, sip.listen.first().map(|(_, address)| address.ip()));
    let mut sounds = sounds::Sounds::new(root.section("sounds"));
    let (profiles, roles, lists) = (root.named("profiles"), root.named("roles"), root.named("lists"));
    let (lookups, lookup_servers) = services::lookups(root.named("lookups"));
    let titles =
        |named: &[(At<String>, Section<'_>)]| named.iter().map(|(name, _)| name.value.clone()).collect();
    let names = Names {
        users: users.iter().map(|user| user.name.clone()).collect(),
        gateways: gateways.iter().map(|gateway| gateway.name.clone()).collect(),
        profiles: titles(&profiles),
        roles: titles(&roles),
        lookups: lookups.keys().cloned().collect(),
    };
    let controls = controls::Controls::read(root.named("controls"), &titles(&lists), &mut sounds);
    let list = |(name, section): (At<String>, _), sounds: &mut _| {
        (name.value, dialling::list(section, &names, sounds))
    };
    let lists = lists.into_iter().map(|named| list(named, &mut sounds)).collect();
    let roles = roles::roles(roles, &controls, &names, &mut sounds);
    let mut reader =
        profiles::Profiles { codecs: &media.codecs, controls: &controls, names: &names, sounds: &mut sounds };
    let profiles = reader.profiles(profiles);
    let rooms = reader.rooms(root.named("rooms"));
    let routes = routes::routes(root.sections("routes"), &names, &mut sounds);
    let outcalls = dialling::limits(root.section("limits"));
    let max_legs = security.limits.calls;
    Config {
        sip,
        users,
        gateways,
        media,
        sounds: sounds.finish(),
        say: services::say(root.section("say")),
        lookups: lookup_servers,
        recording: recording::config(root.section("recording")),
        security,
        conference: Settings { profiles, roles, rooms, routes, lists, lookups, outcalls, max_legs },
        log: log(root.section("log")),
    }
}

fn media(mut section: Section<'_>, outer: &[IpAddr], listen: Option<IpAddr>) -> MediaConfig {
    const ADDRESS: &str = "an IP address of this machine";
    let default = listen.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let address = section.parsed("address", ADDRESS, |text| text.parse().ok());
    let place = address.as_ref().map(|at| at.place.clone());
    let address: IpAddr = address.map_or(default, |at| at.value);
    let advertise = shown_addresses(sip::advertise(&mut section), address, outer);
    if let (Some(place), Some((message, help))) = (place, media_fault(address, &advertise)) {
        section.context.report.error(&place, &section.key("address"), message, help);
    }
    MediaConfig {
        address,
        advertise,
        ports: section.parsed("ports", parse::PORTS, parse::ports).map_or(20000..=29999, |at| at.value),
        workers: section.integer("workers", 0..=1024).unwrap_or(0),
        pin: section.boolean("pin").unwrap_or(false),
        headroom: section.parsed("headroom", parse::PERCENT, parse::percent).map_or(20, |at| at.value),
        codecs: audio::codecs(&mut section).unwrap_or_else(|| Codec::ALL.to_vec()),
        silence: silence(&mut section),
    }
}

/// FreeSWITCH's names, in seconds; 0: never.
fn silence(section: &mut Section<'_>) -> SilenceLimits {
    let default = SilenceLimits::default();
    let mut seconds = |key, default| match section.integer::<u64>(key, 0..=86_400) {
        None => default,
        Some(seconds) => (seconds > 0).then(|| Duration::from_secs(seconds)),
    };
    SilenceLimits {
        talking: seconds("rtp-timeout-sec", default.talking),
        on_hold: seconds("rtp-hold-timeout-sec", default.on_hold),
    }
}

/// What session descriptions show: as configured, else as SIP does, else the address that is bound.
fn shown_addresses(configured: Vec<IpAddr>, bound: IpAddr, outer: &[IpAddr]) -> Vec<IpAddr> {
    let fitting = outer.iter().copied().filter(|peer| serves(bound, *peer));
    [configured, fitting.collect(), vec![bound]]
        .into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// Whether a socket at `bound` can talk to that one's family: `::` to both, any other to its own.
fn serves(bound: IpAddr, peer: IpAddr) -> bool {
    bound == Ipv6Addr::UNSPECIFIED || bound.is_ipv4() == peer.is_ipv4()
}

fn media_fault(bound: IpAddr, shown: &[IpAddr]) -> Option<(String, &'static str)> {
    if shown.iter().any(IpAddr::is_unspecified) {
        return Some((format!("{bound} cannot be put into a session description"), "set media.advertise"));
    }
    let unserved = shown.iter().find(|peer| !serves(bound, **peer))?;
    Some((format!("audio for {unserved} cannot come in at {bound}"), "for both families: \"::\""))
}

fn log(mut section: Section<'_>) -> LogConfig {
    let filter = section.parsed("filter", parse::LOG_FILTER, parse::log_filter);
    LogConfig { filter: filter.map_or_else(|| "info".into(), |at| at.value) }
}

/// A folder; a relative one is relative to the file that names it, or, in an override, to the working
/// directory.
fn folder(section: &mut Section<'_>, key: &str) -> Option<std::path::PathBuf> {
    let at = section.string(key)?;
    if at.value.is_empty() {
        section.context.report.error_at(&at, "an empty path", "leave the key out for the default");
    }
    Some(section.context.report.source(&at.place).folder.join(&at.value))
}

/// The list of a value that may be written alone or as a list.
fn items(at: At<Value>) -> Vec<At<Value>> {
    match at.value {
        Value::Array(items) => items
            .into_iter()
            .map(|item| At { value: item.value, key: at.key.clone(), place: item.place })
            .collect(),
        _ => vec![at],
    }
}
