//! Follows calls through the dialplan and into scripts, up to their conference.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::binding::{Binding, Bound};
use super::call::Call;
use super::dial::{Target, cleaned, target, variables};
use super::regex::Row;
use super::roles::Roles;
use super::{Branch, Outcall, Route, Shown, Step, Who, leads_nowhere, lua};
use crate::import::conference::{Conference, flags, sound};
use crate::import::files::Files;
use crate::import::note::{Notes, Spot};
use crate::names::{MEMBER_FLAGS, Ours, VARIABLES};

/// Scripts that run scripts.
const MAX_DEPTH: usize = 4;
/// Applications without a meaning here: what they do is done anyway, or is for the log.
const NOT_NEEDED: [&str; 9] = [
    "log",
    "info",
    "hash",
    "ring_ready",
    "pre_answer",
    "digit_action_set_realm",
    "hangup",
    "verbose_events",
    "event",
];
/// Variables that set nothing that would be missed.
const UNMISSED: [&str; 6] = [
    "continue_on_fail",
    "hangup_after_bridge",
    "hangup_after_conference",
    "call_timeout",
    "ringback",
    "conference_auto_outcall_maxwait",
];

/// What following calls needs, and what comes of it.
pub(in crate::import) struct Walker<'w> {
    pub(in crate::import) conference: &'w Conference,
    pub(in crate::import) files: &'w mut Files,
    pub(in crate::import) notes: &'w mut Notes,
    pub(in crate::import) branches: Rc<[Branch]>,
    /// Who reaches which context.
    pub(in crate::import) who: BTreeMap<String, Who>,
    pub(in crate::import) roles: Roles,
}

impl Walker<'_> {
    /// The routes of all branches that end in a conference.
    pub(in crate::import) fn routes(&mut self) -> Vec<Route> {
        self.roles.name(false, Vec::new(), Vec::new(), false);
        let branches = Rc::clone(&self.branches);
        let mut routes: Vec<Route> = Vec::new();
        let mut told = BTreeSet::new();
        for branch in branches.iter().filter(|branch| !is_helper(branch)) {
            for row in &branch.rows {
                self.branch(&branches, branch, row, &mut routes, &mut told);
            }
        }
        routes
    }

    fn branch(
        &mut self,
        branches: &[Branch],
        branch: &Branch,
        row: &Row,
        routes: &mut Vec<Route>,
        told: &mut BTreeSet<Spot>,
    ) {
        let dialled = row.literal().unwrap_or_else(|| "{number}".into());
        let mut call = Call::new(dialled, row.clone());
        call.context.clone_from(&branch.context);
        let notes = self.notes.count();
        self.run(&branch.steps, &mut call, 0);
        let Some((target, spot)) = call.conference.take() else {
            // What it does else does not matter, then.
            self.notes.forget_after(notes);
            if told.insert(branch.spot.clone()) {
                self.ends_without(branch, call.lost);
            }
            return;
        };
        let patterns = match row.patterns() {
            Ok(patterns) => patterns,
            Err(why) => {
                let message = format!("numbers of the extension `{}`: {why}", branch.extension);
                return self.notes.left_out(&branch.spot, message, "write a [[routes]] for them");
            }
        };
        let Some(target) = self.named(target, &spot) else { return };
        for number in patterns {
            let who = self.who.get(&branch.context).unwrap_or(&Who::Users);
            let hides =
                |route: &&Route| route.number == number && (route.who == Who::Anyone || route.who == *who);
            if let Some(other) = routes.iter().find(hides) {
                let message = format!("`{number}` leads somewhere already, see {}", other.spot);
                self.notes.left_out(&branch.spot, message, "who could dial both reaches the first");
                continue;
            }
            routes.push(self.route(branches, branch, &call, &target, &spot, number));
        }
    }

    /// Why an extension is no route.
    fn ends_without(&mut self, branch: &Branch, lost: Option<(Spot, String)>) {
        match lost {
            Some((spot, why)) => {
                let message = format!("the extension `{}`: {why}", branch.extension);
                self.notes.left_out(&spot, message, "write a [[routes]] for its numbers");
            }
            None => leads_nowhere(&branch.spot, &branch.extension, self.notes),
        }
    }

    /// The room with a name that ours may have.
    fn named(&mut self, mut target: Target, spot: &Spot) -> Option<Target> {
        if target.room.contains('$') {
            let message = format!("the room `{}`, whose name only the call tells", target.room);
            self.notes.left_out(
                spot,
                message,
                "write a [[routes]]: {number}, {user} and {unique} are known there",
            );
            return None;
        }
        let called = target.room.clone();
        target.room = cleaned(&called);
        if target.room != called {
            self.notes.changed(spot, format!("the room `{called}` is `{}`", target.room), "");
        }
        Some(target)
    }

    fn route(
        &mut self,
        branches: &[Branch],
        branch: &Branch,
        call: &Call,
        target: &Target,
        spot: &Spot,
        number: String,
    ) -> Route {
        let profile = self.profile(&target.profile, spot);
        let mut flags = flags(&MEMBER_FLAGS, "flag of a member", &target.flags, spot, self.notes);
        let set = call.variable("conference_member_flags");
        flags.extend(set.into_iter().flat_map(|(text, spot)| self.flags(text, spot)));
        let moderator = flags.contains(&"moderator");
        flags.retain(|flag| *flag != "moderator");
        if call.ends_room {
            flags.push("mandatory_member_endconf");
        }
        if call.variable("conference_silent_entry").is_some_and(|(value, _)| value == "true") {
            flags.push("quiet");
        }
        self.look_over_variables(call);
        let bound = self.bound(branches, &call.bindings);
        let text = |name| call.variable(name).map(|(value, _)| value.to_owned());
        Route {
            number,
            extension: branch.extension.clone(),
            spot: branch.spot.clone(),
            room: target.room.clone(),
            role: self.role(moderator, &profile, bound, text("conference_controls")),
            outcalls: self.outcalls(branches, call, &profile),
            profile,
            flags,
            pin: Some(target.pin.clone()).filter(|pin| !pin.is_empty()),
            moderator_pin: text("conference_moderator_pin"),
            who: self.who.get(&branch.context).cloned().unwrap_or(Who::Users),
            answer_after_ms: call.rings_ms,
        }
    }

    /// The name of the profile, of which there must be one.
    fn profile(&mut self, name: &str, spot: &Spot) -> String {
        if self.conference.profile(name).is_some() {
            return name.to_owned();
        }
        let first = self.conference.profiles.first().map_or("default", |profile| profile.name.as_str());
        self.notes.mistake(spot, format!("there is no profile `{name}`"), format!("`{first}` is taken"));
        first.to_owned()
    }

    fn flags(&mut self, text: &str, spot: &Spot) -> Vec<&'static str> {
        flags(&MEMBER_FLAGS, "flag of a member", text, spot, self.notes)
    }

    fn role(&mut self, moderator: bool, profile: &str, bound: Vec<Bound>, own: Option<String>) -> String {
        let of_profile = self.conference.profile(profile).and_then(|profile| profile.controls.clone());
        let controls = own.clone().or(of_profile).filter(|group| group != "none");
        self.roles.name(moderator, controls.into_iter().collect(), bound, own.is_some())
    }

    fn bound(&mut self, branches: &[Branch], bindings: &[Binding]) -> Vec<Bound> {
        bindings.iter().filter_map(|binding| binding.resolve(branches, self.notes)).collect()
    }

    /// Variables of the conference that are not carried over.
    fn look_over_variables(&mut self, call: &Call) {
        for (name, spot) in call.variables().filter(|(name, _)| !UNMISSED.contains(name)) {
            match VARIABLES.find(name).map(|found| found.ours) {
                Some(Ours::Dead(why)) => {
                    self.notes.mistake(
                        spot,
                        format!("`{name}`: {why}"),
                        "here it does what the documentation says",
                    );
                }
                Some(Ours::Key(ours)) if ours.starts_with("conference-flags") => {
                    let help = format!("{ours}; for one room alone put it under [rooms.NAME]");
                    self.notes.left_out(spot, format!("the variable `{name}`"), help);
                }
                Some(Ours::Instead(help)) => {
                    self.notes.left_out(spot, format!("the variable `{name}`"), help)
                }
                Some(_) => {}
                None if name.starts_with("conference_") => {
                    let help = crate::suggest::help(name, &VARIABLES.living());
                    self.notes.mistake(spot, format!("FreeSWITCH knows no variable `{name}`"), help);
                }
                None => self.notes.left_out(
                    spot,
                    format!("the variable `{name}`"),
                    "there are no channel variables",
                ),
            }
        }
    }

    /// Those who are called as soon as the caller is in.
    fn outcalls(&mut self, branches: &[Branch], call: &Call, profile: &str) -> Vec<Outcall> {
        let prefix = call.variable("conference_auto_outcall_prefix");
        let prefix: BTreeMap<String, String> =
            prefix.map(|(prefix, _)| variables(prefix)).unwrap_or_default().into_iter().collect();
        let delimiter = call.variable("conference_auto_outcall_delimiter").map_or(",", |(text, _)| text);
        let announce = call.variable("conference_auto_outcall_announce");
        let announce = announce.and_then(|(text, spot)| sound(text, spot, self.notes));
        let mut outcalls = Vec::new();
        for (text, spot) in &call.outcalls {
            for one in text.split(delimiter) {
                let to: Vec<String> = one.split('|').filter_map(target).collect();
                if to.is_empty() {
                    let message = format!("a call to `{one}`");
                    self.notes.left_out(spot, message, "`to` is user/NAME or gateway/NAME/NUMBER");
                    continue;
                }
                let bound = self.on_answer(branches, &prefix, &to, spot);
                outcalls.push(Outcall {
                    role: self.role(false, profile, bound, None),
                    to,
                    flags: self.outcall_flags(call, &prefix, spot),
                    timeout: timeout(call),
                    caller_id: caller_id(call),
                    announce: announce.clone(),
                    spot: spot.clone(),
                });
            }
        }
        outcalls
    }

    fn outcall_flags(
        &mut self,
        call: &Call,
        prefix: &BTreeMap<String, String>,
        spot: &Spot,
    ) -> Vec<&'static str> {
        if let Some(text) = prefix.get("outcall_flags") {
            return self.flags(text, spot);
        }
        // The first name is that of the documentation, which FreeSWITCH does not read.
        let names = ["conference_utils_auto_outcall_flags", "conference_auto_outcall_flags"];
        let set = names.into_iter().find_map(|name| call.variable(name));
        set.map(|(text, spot)| self.flags(text, spot)).unwrap_or_default()
    }

    /// The variables of the dial string: what runs when the phone is answered binds keys.
    fn on_answer(
        &mut self,
        branches: &[Branch],
        prefix: &BTreeMap<String, String>,
        to: &[String],
        spot: &Spot,
    ) -> Vec<Bound> {
        let mut called = Call::new(to[0].rsplit('/').next().unwrap_or_default().to_owned(), Row::default());
        for (name, value) in prefix {
            match name.as_str() {
                "execute_on_answer" => {
                    let (application, data) = value.split_once([' ', ':']).unwrap_or((value, ""));
                    let data = data.trim_start_matches(':').trim().to_owned();
                    self.run(
                        &[Step { application: application.to_owned(), data, spot: spot.clone() }],
                        &mut called,
                        0,
                    );
                }
                "api_hangup_hook" => self.hangup_hook(value, spot),
                // What they see is ours to say: see `caller_id`.
                "sip_contact_user" | "outcall_flags" | "answer_delay" => {}
                _ => {
                    let message = format!("the variable `{name}` of calls that are placed");
                    self.notes.left_out(spot, message, "there are no channel variables");
                }
            }
        }
        if let Some((spot, why)) = called.lost.take() {
            self.notes.left_out(&spot, format!("what is done when the phone answers: {why}"), "");
        }
        self.bound(branches, &called.bindings)
    }

    fn hangup_hook(&mut self, value: &str, spot: &Spot) {
        match value.split_whitespace().nth(1).filter(|script| self.script(script).is_none()) {
            Some(script) => {
                let message = format!("api_hangup_hook runs `{script}`, which is nowhere");
                self.notes.mistake(
                    spot,
                    message,
                    "FreeSWITCH logs an error at the end of each such call; there is no need of it",
                );
            }
            None => self.notes.left_out(
                spot,
                format!("api_hangup_hook `{value}`"),
                "the log tells each end of a call",
            ),
        }
    }

    fn run(&mut self, steps: &[Step], call: &mut Call, depth: usize) {
        for step in steps {
            if call.lost.is_some() {
                return;
            }
            let data = call.expand(&step.data);
            let spot = &step.spot;
            match step.application.as_str() {
                "answer" => call.answered = true,
                "sleep" if !call.answered => {
                    call.rings_ms = call.rings_ms.saturating_add(data.trim().parse().unwrap_or(0));
                }
                "sleep" => {}
                "set" | "export" => call.set(&data, spot),
                "transfer" => return self.transfer(&data, spot, call, depth),
                "conference" if data.starts_with("bridge:") => {
                    call.lost = Some((spot.clone(), "it calls somebody by `bridge:`, see `outcalls`".into()));
                }
                "conference" if call.conference.is_none() => {
                    call.conference = Some((Target::read(&data), spot.clone()))
                }
                "conference_set_auto_outcall" if data.trim().is_empty() => call.outcalls.clear(),
                "conference_set_auto_outcall" => call.outcalls.push((data, spot.clone())),
                "bind_digit_action" => call.bindings.extend(Binding::read(&data, spot, self.notes)),
                "lua" => self.run_script(&data, spot, call, depth),
                "api" => self.api(&data, spot, call),
                "playback" if call.conference.is_none() => {
                    self.notes.left_out(
                        spot,
                        format!("`{data}` played before the conference"),
                        "member-enter-sound of the profile",
                    );
                }
                other if NOT_NEEDED.contains(&other) || call.conference.is_some() => {}
                other => {
                    let help = "confab has nothing but conferences";
                    self.notes.left_out(spot, format!("the application `{other}`"), help);
                }
            }
        }
    }

    /// `NUMBER [DIALPLAN [CONTEXT]]`: nothing behind it is done any more.
    fn transfer(&mut self, data: &str, spot: &Spot, call: &mut Call, depth: usize) {
        if call.conference.is_some() {
            return;
        }
        let mut words = data.split_whitespace();
        let dialled = words.next().unwrap_or_default();
        let context = words.nth(1).unwrap_or(&call.context).to_owned();
        let numbers = call.numbers(dialled);
        let branches = Rc::clone(&self.branches);
        let here = branches.iter().filter(|branch| branch.context == context);
        let mut rows = here.flat_map(|branch| branch.rows.iter().map(move |row| (branch, row)));
        let found = rows.find_map(|(branch, row)| Some((branch, row.narrowed(&numbers)?)));
        match found.filter(|_| depth < MAX_DEPTH) {
            Some((branch, row)) => {
                call.transfer(dialled, row, &context);
                self.run(&branch.steps, call, depth + 1);
            }
            None => {
                call.lost =
                    Some((spot.clone(), format!("`transfer {data}` leads to no extension that was read")))
            }
        }
    }

    fn api(&mut self, command: &str, spot: &Spot, call: &mut Call) {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words.as_slice() {
            ["conference", _, "kick" | "hup", "all"] if call.conference.is_some() => call.ends_room = true,
            _ => self.notes.left_out(
                spot,
                format!("the command `{command}`"),
                "there are no commands in this release",
            ),
        }
    }

    fn run_script(&mut self, data: &str, spot: &Spot, call: &mut Call, depth: usize) {
        let name = data.split_whitespace().next().unwrap_or_default();
        let Some((file, text)) = self.script(name).filter(|_| depth < MAX_DEPTH) else {
            self.notes.mistake(
                spot,
                format!("the script `{name}` is nowhere"),
                "put it into `scripts` of this folder",
            );
            return;
        };
        let script = lua::follow(&file.into(), &text);
        if let Some((spot, why)) = &script.unknown {
            // Told again, with the extension, if there is no conference before it.
            self.notes.left_out(
                spot,
                format!("the script from here on: {why}"),
                "write what it does as keys of the route",
            );
        }
        self.run(&script.steps, call, depth + 1);
        if let Some((spot, why)) = script.unknown.filter(|_| call.conference.is_none()) {
            call.lost = Some((spot, format!("its script from here on: {why}")));
        }
    }

    /// A script's path and text.
    fn script(&mut self, name: &str) -> Option<(String, String)> {
        let root = self.files.root().to_path_buf();
        let places = ["scripts", "conf/scripts", ""].map(|folder| root.join(folder).join(name));
        let path = places.into_iter().find(|path| path.is_file())?;
        let text = self.files.read(&path).ok()?;
        Some((self.files.shown(&path), text))
    }
}

/// Extensions that are run by keys, not dialled.
fn is_helper(branch: &Branch) -> bool {
    let letters =
        branch.rows.iter().all(|row| row.prefix().contains(|symbol: char| symbol.is_ascii_uppercase()));
    letters && !branch.rows.is_empty()
}

/// Seconds, as FreeSWITCH reads it.
fn timeout(call: &Call) -> u64 {
    let seconds = call.variable("conference_auto_outcall_timeout").and_then(|(text, _)| text.parse().ok());
    seconds.filter(|seconds| (10..=500).contains(seconds)).unwrap_or(60)
}

fn caller_id(call: &Call) -> Shown {
    let value = |name| call.variable(name).map(|(value, _)| value.to_owned()).unwrap_or_default();
    let number = value("conference_auto_outcall_caller_id_number");
    if number.is_empty() {
        Shown::Profile
    } else if Call::is_caller(&number) {
        Shown::Caller
    } else {
        Shown::Fixed(number, value("conference_auto_outcall_caller_id_name"))
    }
}
