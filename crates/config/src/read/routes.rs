//! `[[routes]]`: where a dialled number leads.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use confab_conference::{MemberFlag, Pattern, RoomTemplate, Route, Users, Who};

use super::dialling::outcall;
use super::flags::{flag, member_flags};
use super::invite::pattern;
use super::items;
use super::names::{Names, check_known};
use super::pins::pins;
use super::sounds::Sounds;
use crate::parse;
use crate::section::{Context, Section};
use crate::source::At;
use crate::tree::Value;

/// What names a room.
const ROOM: &str = "1 to 32 of A-Z a-z 0-9 _ -, in which {number} is what was dialled, {user} who calls, and {unique} a \
                    number of its own";

pub(crate) fn routes(sections: Vec<Section<'_>>, names: &Names, sounds: &mut Sounds) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    for mut section in sections {
        let context = section.context;
        let number = pattern(&mut section, "number");
        let route = route(section, number.as_ref().map(|at| at.value.clone()), names, sounds);
        if let (Some(at), Some(route)) = (&number, &route)
            && routes.iter().any(|earlier| hides(earlier, route))
        {
            context.report.error_at(at, "an earlier route has this number", "");
        }
        routes.extend(route);
    }
    routes
}

/// Whether nobody would ever reach the later one.
fn hides(earlier: &Route, later: &Route) -> bool {
    earlier.pattern == later.pattern && (earlier.who == Who::default() || earlier.who == later.who)
}

fn route(
    mut section: Section<'_>,
    pattern: Option<Pattern>,
    names: &Names,
    sounds: &mut Sounds,
) -> Option<Route> {
    // Its name is for those that inherit from it, and what it inherits is among its entries by now.
    section.string("name");
    section.string("inherits");
    let room = section.required("room", ROOM, |text| text.parse::<RoomTemplate>().ok());
    if let Some((room, pattern)) = room.as_ref().zip(pattern.as_ref()) {
        check_room(section.context, room, pattern);
    }
    let profile = section.required("profile", "the name of a profile", |text| Some(text.to_owned()));
    if let Some(profile) = &profile {
        check_known(section.context, profile, "profile", &names.profiles);
    }
    let role = role(&mut section, names);
    let lookup = section.string("lookup");
    lookup.iter().for_each(|lookup| check_known(section.context, lookup, "look-up", &names.lookups));
    let mut flags = member_flags(&mut section, "flags");
    flags.extend(flag(&mut section, "mute", MemberFlag::Mute));
    flags.extend(flag(&mut section, "end_conference_when_leaves", MemberFlag::MandatoryMemberEndConf));
    let answer_after = section.parsed("answer_after", "0s to 60s", |text| {
        parse::duration(text).filter(|time| *time <= Duration::from_secs(60))
    });
    let (who, roles_by_user) = (who(&mut section, names), roles_by_user(&mut section, names));
    let pins = pins(&mut section, names);
    let outcalls = section.sections("outcalls");
    let outcalls = outcalls.into_iter().map(|section| outcall(section, names, sounds, true)).collect();
    Some(Route {
        roles_by_user,
        flags,
        who,
        pins,
        lookup: lookup.map(|lookup| lookup.value),
        answer_after: answer_after.map_or(Duration::ZERO, |at| at.value),
        outcalls,
        ..Route::new(pattern?, room?.value, &profile?.value, &role?)
    })
}

/// Every number that fits must name a room.
fn check_room(context: &Context, room: &At<RoomTemplate>, pattern: &Pattern) {
    let example = pattern.longest();
    if room.value.name(&example, Some("0"), 0).is_none() {
        let message = format!("this is no room's name when {example} is dialled");
        context.report.error_at(room, message, format!("allowed: {ROOM}"));
    }
}

fn role(section: &mut Section<'_>, names: &Names) -> Option<String> {
    let role = section.required("role", "the name of a role", |text| Some(text.to_owned()))?;
    check_known(section.context, &role, "role", &names.roles);
    Some(role.value)
}

/// `roles_by_user = { "1001" = "moderator" }`
fn roles_by_user(section: &mut Section<'_>, names: &Names) -> BTreeMap<String, String> {
    let mut table = section.section("roles_by_user");
    let mut roles = BTreeMap::new();
    for (users, role) in table.entries() {
        let listed = parse::users(&users.value);
        if listed.is_none() {
            let help = format!("allowed: {}", parse::USERS);
            section.context.report.error_at(&users, format!("`{}` is not understood", users.value), help);
        }
        let Some(role) = section.text(role, "allowed: the name of a role") else { continue };
        check_known(section.context, &role, "role", &names.roles);
        for user in listed.into_iter().flatten() {
            check_known(section.context, &users.with(user.clone()), "user", &names.users);
            roles.insert(user, role.value.clone());
        }
    }
    roles
}

fn who(section: &mut Section<'_>, names: &Names) -> Who {
    let networks = section.list("networks", "a network such as 192.0.2.0/24", |text| text.parse().ok());
    let gateways = section.list("gateways", "the name of a gateway", |text| Some(text.to_owned()));
    let gateways = gateways.unwrap_or_default();
    for gateway in &gateways {
        check_known(section.context, gateway, "gateway", &names.gateways);
    }
    Who {
        users: users(section, names),
        gateways: gateways.into_iter().map(|at| at.value).collect(),
        networks: networks.into_iter().flatten().map(|at| at.value).collect(),
    }
}

fn users(section: &mut Section<'_>, names: &Names) -> Users {
    const WHO: &str =
        "\"anyone\", \"users\" (who have authenticated), or a list of users such as [\"1001-1010\"]";
    let Some(at) = section.node("who") else { return Users::Anyone };
    match &at.value {
        Value::String(text) if text == "anyone" => return Users::Anyone,
        Value::String(text) if text == "users" => return Users::Authenticated,
        _ => {}
    }
    let read = |item| section.parse(item, WHO, parse::users);
    let listed: Vec<At<Vec<String>>> = items(at).into_iter().filter_map(read).collect();
    for at in &listed {
        at.value
            .iter()
            .for_each(|user| check_known(section.context, &at.with(user.clone()), "user", &names.users));
    }
    Users::Only(listed.into_iter().flat_map(|at| at.value).collect::<BTreeSet<_>>())
}
