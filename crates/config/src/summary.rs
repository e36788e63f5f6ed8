//! What was understood, in words: for `confab check`, and the table of what can be dialled. No secret is ever
//! in it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use confab_conference::{
    AutoRecord, CallerIdChoice, Codec, Destination, InbandDtmf, InvitePlan, KeyAction, KeyMap, Line,
    MemberFlag, MemberFlags, Negotiation, Opus, Outcall, Profile, Rate, Role, Route, Users, Voice,
};
use confab_sip::Gateway;

use crate::config::Config;

impl Config {
    /// All that the server will do, section by section, for a human.
    pub fn summary(&self) -> String {
        let mut text = Text::default();
        self.describe_signalling(&mut text);
        self.describe_audio(&mut text);
        for (name, profile) in &self.conference.profiles {
            text.line(&format!("profile {name}"), describe_profile(profile));
            text.line("", describe_line(&profile.line));
            describe_manners(profile).into_iter().for_each(|manners| text.line("", manners));
            describe_groups(profile).into_iter().for_each(|keys| text.line("", keys));
            describe_voice(&profile.voice).into_iter().for_each(|voice| text.line("", voice));
        }
        for (name, role) in &self.conference.roles {
            describe_role(&mut text, name, role);
        }
        text.0 + "\n" + &self.dialplan()
    }

    /// What can be dialled: one line for each route, the number first.
    pub fn dialplan(&self) -> String {
        let routes = &self.conference.routes;
        if routes.is_empty() {
            return "nothing can be dialled: there are no [[routes]]\n".into();
        }
        let width = routes.iter().map(|route| route.pattern.to_string().len()).max().unwrap_or(0);
        let line = |route: &Route| {
            let declared = self.conference.rooms.get(&route.room.to_string()).map(|room| &room.profile);
            let profile = declared.or_else(|| self.conference.profiles.get(&route.profile));
            format!("  {:width$}  {}\n", route.pattern.to_string(), describe_route(route, profile))
        };
        let table: String = routes.iter().map(line).collect();
        format!("what can be dialled:\n{table}")
    }

    fn describe_signalling(&self, text: &mut Text) {
        let listen = self.sip.listen.iter().map(|(transport, address)| format!("{transport}:{address}"));
        text.line("listening", join(listen));
        if !self.sip.advertise.is_empty() {
            text.line("reached at", join(self.sip.advertise.iter().map(ToString::to_string)));
        }
        text.line("realm", format!("{} ({})", self.sip.realm, self.sip.user_agent));
        if !self.sip.domains.is_empty() {
            text.line("domains", self.sip.domains.join(", "));
        }
        let names: Vec<&str> = self.users.iter().map(|user| user.name.as_str()).collect();
        text.line("users", format!("{}{}", names.len(), after_colon(ranges(&names))));
        for gateway in &self.gateways {
            text.line(&format!("gateway {}", gateway.name), describe_gateway(gateway));
        }
        let (limits, outcalls) = (&self.security.limits, &self.conference.outcalls);
        text.line(
            "limits",
            format!(
                "{} calls, {} new calls a second from one address, \
                 {} through a gateway, {} in 24 hours through all",
                limits.calls, limits.invites_per_second_per_ip, outcalls.live_per_gateway, outcalls.per_day
            ),
        );
        if self.security.allow_weak_passwords {
            text.line("", "weak passwords are allowed".into());
        }
    }

    fn describe_audio(&self, text: &mut Text) {
        let media = &self.media;
        let pairs = (media.ports.end() + 1 - media.ports.start().next_multiple_of(2)) / 2;
        let (first, last) = (media.ports.start(), media.ports.end());
        let workers = if media.workers == 0 {
            "one worker per core".into()
        } else {
            format!("{} workers", media.workers)
        };
        text.line("audio", format!("{}, ports {first}-{last} for {pairs} calls, {workers}", media.address));
        let pinned = if media.pin { "each on a core of its own, " } else { "" };
        text.line(
            "",
            format!("{pinned}{} % of their time kept free, then callers are refused", media.headroom),
        );
        if media.advertise != [media.address] {
            text.line("", format!("shown as {}", join(media.advertise.iter().map(ToString::to_string))));
        }
        let seconds = |limit: Option<Duration>| {
            limit.map_or_else(|| "never".into(), |limit| format!("after {}", time(limit)))
        };
        let (talking, on_hold) = (seconds(media.silence.talking), seconds(media.silence.on_hold));
        text.line("", format!("a silent line is asked {talking}, on hold {on_hold}"));
        let named = self.sound_names().into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>().len();
        let from =
            self.sounds.dir.as_ref().map_or_else(|| "the program".into(), |dir| dir.display().to_string());
        text.line("sounds", format!("{named}, from {from}"));
        text.line("recordings", self.recording.dir.display().to_string());
        text.line("log", self.log.filter.clone());
    }
}

/// Lines of a name and what there is to say of it.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, name: &str, value: String) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.0, "{name:20} {value}");
    }
}

fn describe_gateway(gateway: &Gateway) -> String {
    let mut text = format!("{}:{} over {}", gateway.host, gateway.port, gateway.transport);
    if gateway.register {
        text += &format!(", registered for {}", time(gateway.expires));
    }
    if let Some(username) = &gateway.username {
        text += &format!(" as {username}");
    }
    if let Some(ping) = gateway.ping {
        text += &format!(", pinged every {}", time(ping));
    }
    text
}

fn describe_profile(profile: &Profile) -> String {
    let noise = profile
        .comfort_noise
        .map_or_else(|| "no comfort noise".into(), |level| format!("comfort noise {level}"));
    let rate = match profile.rate {
        Rate::Fixed(rate) => format!("{rate} Hz"),
        Rate::Auto => "the members' best rate".into(),
    };
    let talkers =
        profile.max_talkers.map_or_else(String::new, |most| format!(", the {most} loudest talkers"));
    let members = profile.max_members.map_or_else(String::new, |most| format!(", {most} members at most"));
    format!(
        "{rate}, {} ms, energy level {}{}, {noise}{talkers}{}{members}",
        profile.interval_ms,
        profile.energy_level,
        if profile.voice.auto_energy { " and up with the noise" } else { "" },
        describe_pins(profile)
    )
}

fn describe_pins(profile: &Profile) -> String {
    match profile.pins.len() {
        0 => String::new(),
        1 => format!(", a PIN with {} tries", profile.pin_retries),
        several => format!(", {several} PINs with {} tries", profile.pin_retries),
    }
}

/// How the room behaves, as far as that was said.
fn describe_manners(profile: &Profile) -> Vec<String> {
    let flags =
        |what: &str, flags: Vec<String>| (!flags.is_empty()).then(|| format!("{what}: {}", join(flags)));
    let room = flags("room", profile.flags.iter().map(ToString::to_string).collect());
    let members = flags("all members", profile.member_flags.iter().map(ToString::to_string).collect());
    let recorded = (profile.recording.start != AutoRecord::Never).then(|| "records itself".to_owned());
    [room, members, recorded].into_iter().flatten().collect()
}

fn describe_line(line: &Line) -> String {
    let names = line.codecs.iter().map(|codec| codec.name().to_owned());
    let order = match line.negotiation {
        Negotiation::Generous => "the caller's order among the widest",
        Negotiation::Greedy => "this order",
    };
    let mut text = format!("{} ({order}), packets of {} ms", join(names), line.ptime_ms);
    if line.codecs.contains(&Codec::Opus) {
        text += &format!(", Opus {}", describe_opus(&line.opus));
    }
    text += &format!(", jitter buffer up to {} ms", line.jitter_max_ms);
    text += match line.inband_dtmf {
        InbandDtmf::Auto => ", keys in the audio where there are no telephone-events",
        InbandDtmf::Always => ", keys in the audio always",
        InbandDtmf::Never => ", no keys in the audio",
    };
    text + if line.send_comfort_noise { ", pauses as comfort noise" } else { "" }
}

fn describe_opus(opus: &Opus) -> String {
    let bitrate =
        if opus.bitrate == 0 { "at its own rate".into() } else { format!("at {} bit/s", opus.bitrate) };
    let with = |on, what| if on { what } else { "" };
    format!("{bitrate}, complexity {}{}{}", opus.complexity, with(opus.fec, ", FEC"), with(opus.dtx, ", DTX"))
}

/// What is done to voices, if anything is.
fn describe_voice(voice: &Voice) -> Option<String> {
    let agc = voice.agc.map(|level| format!("speech is brought to {level} dBov"));
    let denoise = voice.denoise.then(|| "noise is taken out".to_owned());
    let loud = voice.loud_guard.map(|guard| {
        format!("above {} for {} frames muted for {} ms", guard.level, guard.hits, guard.mute_ms)
    });
    let parts: Vec<String> = [agc, denoise, loud].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn describe_role(text: &mut Text, name: &str, role: &Role) {
    let moderator = if role.flags.contains(&MemberFlag::Moderator) { "moderator; " } else { "" };
    text.line(
        &format!("role {name}"),
        format!("{moderator}{}{}", describe_keys(&role.keys), own_voice(role)),
    );
    if let Some(invite) = &role.invite {
        text.line("", format!("may invite {}", describe_invite(invite)));
    }
}

/// What a role has otherwise than the profile.
fn own_voice(role: &Role) -> String {
    let agc = role.agc.map(|agc| {
        agc.map_or_else(|| "; speech as it is".into(), |level| format!("; speech is brought to {level} dBov"))
    });
    let denoise = role.denoise.map(|on| if on { "; noise is taken out" } else { "; noise stays" });
    agc.unwrap_or_default() + denoise.unwrap_or_default()
}

/// The keys of those whose role has none of its own.
fn describe_groups(profile: &Profile) -> Vec<String> {
    let maps = [("members", &profile.caller_controls), ("moderators", &profile.moderator_controls)];
    let there = maps.into_iter().filter(|(_, keys)| keys.bindings().next().is_some());
    there.map(|(who, keys)| format!("{who}: {}", describe_keys(keys))).collect()
}

fn describe_keys(keys: &KeyMap) -> String {
    let binding = |(sequence, actions): (&str, &[KeyAction])| {
        format!("{sequence} {}", actions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + "))
    };
    let keys = join(keys.bindings().map(binding));
    if keys.is_empty() { "the room's keys".into() } else { format!("keys {keys}") }
}

fn describe_invite(invite: &InvitePlan) -> String {
    let way = |to: &Destination| match to {
        Destination::User => "as user".to_owned(),
        Destination::Gateway(gateway) => format!("through {gateway}"),
        Destination::Fixed(target) => format!("to {target}"),
    };
    let allow = invite.plan.allow.iter().map(|entry| {
        let ways: Vec<_> = entry.to.iter().map(way).collect();
        format!("{} {}", entry.pattern, ways.join(" or "))
    });
    let deny = join(invite.plan.deny.iter().map(ToString::to_string));
    let never = if deny.is_empty() { String::new() } else { format!(", never {deny}") };
    let allow = join(allow);
    let allow = if allow.is_empty() { "nobody".into() } else { allow };
    let limits = &invite.limits;
    format!(
        "{allow}{never}, as {}{}; {} at one time, {} in {}",
        invite.role,
        muted(&invite.flags),
        limits.pending_per_member,
        limits.per_member,
        time(limits.window)
    )
}

fn describe_route(route: &Route, profile: Option<&Profile>) -> String {
    let mut text = format!("room {}, profile {}, as {}", route.room, route.profile, route.role);
    text += muted(&route.flags);
    text.extend(route.roles_by_user.iter().map(|(user, role)| format!(", {user} as {role}")));
    let pins = route.pins.as_ref().or_else(|| profile.map(|profile| &profile.pins));
    text += if pins.is_some_and(|pins| !pins.is_empty()) { ", with a PIN" } else { "" };
    text.extend(route.lookup.iter().map(|lookup| format!(", asks {lookup}")));
    text += &match &route.who.users {
        Users::Anyone => String::new(),
        Users::Authenticated => ", users only".into(),
        Users::Only(users) => {
            format!(", only {}", ranges(&users.iter().map(String::as_str).collect::<Vec<_>>()))
        }
    };
    if !route.answer_after.is_zero() {
        text += &format!(", answered after {}", time(route.answer_after));
    }
    text.extend(route.outcalls.iter().map(describe_outcall));
    text + if route.flags.contains(&MemberFlag::MandatoryMemberEndConf) {
        "; ends the room on leaving"
    } else {
        ""
    }
}

fn describe_outcall(outcall: &Outcall) -> String {
    let targets = outcall.targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    let shown = match &outcall.dialling.caller_id {
        Some(CallerIdChoice::Fixed(id)) => format!(" from {}", id.number),
        Some(CallerIdChoice::Caller) | None => String::new(),
    };
    let (muted, timeout) = (muted(&outcall.flags), time(outcall.dialling.ring()));
    format!("; calls {targets}{shown} as {}{muted} for {timeout}", outcall.role)
}

fn muted(flags: &MemberFlags) -> &'static str {
    if flags.contains(&MemberFlag::Mute) { " (muted)" } else { "" }
}

fn join(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().collect::<Vec<_>>().join(", ")
}

fn after_colon(text: String) -> String {
    if text.is_empty() { text } else { format!(": {text}") }
}

/// The largest unit that keeps it a whole number.
fn time(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    let units = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
    let fits = |(_, size): &&(&str, u128)| milliseconds >= *size && milliseconds.is_multiple_of(*size);
    units
        .iter()
        .find(fits)
        .map_or_else(|| "0s".into(), |(unit, size)| format!("{}{unit}", milliseconds / size))
}

/// Names with runs of numbers shortened: `1001-1010, reception`.
fn ranges(names: &[&str]) -> String {
    join(runs(names))
}

/// The same as a list.
pub(crate) fn runs(names: &[&str]) -> Vec<String> {
    let mut runs: Vec<(&str, &str)> = Vec::new();
    for name in names {
        match runs.last_mut() {
            Some((_, last)) if follows(last, name) => *last = name,
            _ => runs.push((name, name)),
        }
    }
    runs.into_iter()
        .map(|(first, last)| if first == last { first.into() } else { format!("{first}-{last}") })
        .collect()
}

fn follows(last: &str, next: &str) -> bool {
    let number =
        |name: &str| name.bytes().all(|b| b.is_ascii_digit()).then(|| name.parse::<u64>().ok()).flatten();
    last.len() == next.len() && number(last).zip(number(next)).is_some_and(|(last, next)| last + 1 == next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_numbers_are_shortened() {
        assert_eq!(ranges(&["1001", "1002", "1003", "desk", "09", "10"]), "1001-1003, desk, 09-10");
        assert_eq!(ranges(&["9", "10"]), "9, 10");
        assert_eq!(ranges(&[]), "");
    }

    #[test]
    fn times_are_whole_in_their_unit() {
        for (milliseconds, text) in
            [(0, "0s"), (500, "500ms"), (1500, "1500ms"), (60_000, "1m"), (14_400_000, "4h")]
        {
            assert_eq!(time(Duration::from_millis(milliseconds)), text);
        }
    }
}
