//! Which room and role a call gets: by trunk, network, user, template; and rooms that are declared.

use confab_conference::{Caller, DeclaredRoom, Network, Origin, Route, Settings};

use crate::meeting::{profile_of, settings};
use crate::script::Script;
use crate::tutorial;

fn with(change: impl FnOnce(&mut Route)) -> Settings {
    let mut settings = settings(&[], &[]);
    let mut route = Route { profile: "meeting".to_owned(), ..tutorial::route("4000", "hall", "member") };
    change(&mut route);
    settings.routes.push(route);
    settings
}

fn caller(user: Option<&str>) -> Caller {
    Caller { number: "7".into(), user: user.map(Into::into), ..Caller::default() }
}

#[test]
fn a_route_may_be_for_a_gateway_only() {
    let mut script = Script::with(with(|route| route.who.gateways = ["trunk".to_owned()].into()));
    let of = |gateway: Option<&str>| Caller { gateway: gateway.map(Into::into), ..caller(None) };
    for (gateway, may) in [(None, false), (Some("other"), false), (Some("trunk"), true)] {
        let leg = script.arrive(of(gateway), "4000");
        assert_eq!(script.world.rejected.get(&leg).copied(), (!may).then_some(403), "{gateway:?}");
    }
}

#[test]
fn a_route_may_be_for_networks_only() {
    let networks = ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"];
    let cases = [
        ("192.0.2.255", true),
        ("192.0.3.0", false),
        ("::ffff:192.0.2.9", true),
        ("2001:db8:9::1", true),
        ("2001:db9::1", false),
        ("198.51.100.7", true),
        ("198.51.100.8", false),
        ("::ffff:198.51.100.7", true),
    ];
    let networks = networks.map(|text| text.parse::<Network>().unwrap());
    let mut script = Script::with(with(|route| route.who.networks = networks.to_vec()));
    for (address, may) in cases {
        let caller = Caller { address: Some(address.parse().unwrap()), ..caller(None) };
        let leg = script.arrive(caller, "4000");
        assert_eq!(script.world.rejected.get(&leg).copied(), (!may).then_some(403), "{address}");
    }
    let unknown = script.arrive(caller(None), "4000");
    assert_eq!(script.world.rejected[&unknown], 403);
}

#[test]
fn a_network_is_an_address_and_its_bits() {
    let holds =
        |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
    assert!(holds("0.0.0.0/0", "203.0.113.1") && !holds("0.0.0.0/0", "2001:db8::1"));
    assert!(holds("::/0", "2001:db8::1") && holds("10.0.0.1/32", "10.0.0.1"));
    assert!(!holds("10.0.0.1/32", "10.0.0.2") && holds("10.9.9.9/8", "10.0.0.2"));
    for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "a/8", "10.0.0.0/8/8"]
    {
        assert!(wrong.parse::<Network>().is_err(), "{wrong}");
    }
    assert_eq!("192.0.2.0/24".parse::<Network>().unwrap().to_string(), "192.0.2.0/24");
}

#[test]
fn the_first_route_that_a_caller_may_dial_counts() {
    let mut settings = with(|route| route.who.users = confab_conference::Users::Authenticated);
    let open = Route { room: "lobby".parse().unwrap(), ..tutorial::route("4000", "x", "member") };
    settings.routes.push(open);
    let mut script = Script::with(settings);
    script.arrive(caller(Some("1001")), "4000");
    script.arrive(caller(None), "4000");
    assert!(script.told("room hall: 7 joined") && script.told("room lobby: 7 joined"));
}

#[test]
fn a_user_may_have_a_role_of_his_own() {
    let mut script = Script::with(with(|route| {
        route.roles_by_user = [("1001".to_owned(), "chair".to_owned())].into();
    }));
    script.arrive(caller(Some("1001")), "4000");
    assert!(script.told("7 joined as chair"));
    script.arrive(caller(Some("1002")), "4000");
    script.arrive(Caller { number: "1001".into(), ..caller(None) }, "4000");
    assert!(script.told("1001 joined as member"), "a number alone gives no right");
}

#[test]
fn a_room_may_be_named_after_the_user() {
    let mut script = Script::with(with(|route| route.room = "of-{user}".parse().unwrap()));
    script.arrive(caller(Some("1001")), "4000");
    assert!(script.told("room of-1001: 7 joined"));
    let nobody = script.arrive(caller(None), "4000");
    assert_eq!(script.world.rejected[&nobody], 404);
}

#[test]
fn each_call_to_a_unique_room_makes_one() {
    let mut script = Script::with(with(|route| route.room = "adhoc-{unique}".parse().unwrap()));
    let legs = [(); 3].map(|()| script.arrive(caller(None), "4000"));
    let rooms: std::collections::BTreeSet<_> = legs.map(|leg| script.world.lines[&leg].room).into();
    assert_eq!(rooms.len(), 3);
    assert!(script.told("room adhoc-1: 7 joined") && script.told("room adhoc-3: 7 joined"));
    let origin = Origin::default();
    assert_eq!(script.conferences().room_of_number("4000", origin), None, "the next one is not open");
}

#[test]
fn a_declared_room_has_its_own_profile() {
    let mut settings = with(|_| {});
    let mut profile = profile_of(&mut settings).clone();
    profile.max_members = Some(1);
    "the hall".clone_into(&mut profile.description);
    settings.rooms.insert("hall".to_owned(), DeclaredRoom { profile });
    let mut script = Script::with(settings);
    let first = script.call("1", "4000");
    let second = script.call("2", "4000");
    assert_eq!(script.privately(second), ["max-members"]);
    assert_eq!(script.roster(first).description, "the hall");
    let elsewhere = ["3", "4"].map(|number| script.call(number, "3001"));
    assert!(elsewhere.iter().all(|leg| script.speaks(*leg)));
}

#[test]
fn profile_description_is_shown_to_who_watches() {
    let mut settings = settings(&[], &[]);
    "Board".clone_into(&mut profile_of(&mut settings).description);
    let mut script = Script::with(settings);
    let leg = script.call("1", "3001");
    assert_eq!(
        (script.roster(leg).description.as_str(), script.roster(leg).profile.as_str()),
        ("Board", "meeting")
    );
}

#[test]
fn profile_language_is_that_of_all_but_who_have_one_of_their_own() {
    let mut settings = settings(&[], &[]);
    "de".clone_into(&mut profile_of(&mut settings).language);
    settings.roles.get_mut("member").unwrap().language = Some("fr".to_owned());
    let mut script = Script::with(settings);
    let chair = script.call("100", "3000");
    let languages = |script: &Script| -> Vec<String> {
        script.world.playing.values().map(|playing| playing.language.clone()).collect()
    };
    assert_eq!(languages(&script), ["de"]);
    script.finish_all();
    let guest = script.call("1", "3001");
    script.finish("enter");
    assert_eq!(script.privately(guest), ["member-enter"]);
    assert_eq!(languages(&script), ["fr"]);
    assert!(script.privately(chair).is_empty());
}

#[test]
fn the_pins_of_a_route_count_in_place_of_the_rooms() {
    let mut settings = with(|route| route.pins = Some(Vec::new()));
    profile_of(&mut settings).pins = vec![confab_conference::PinRole::guest("1234".parse().unwrap())];
    let mut script = Script::with(settings);
    let (open, closed) = (script.call("1", "4000"), script.call("2", "3001"));
    assert!(script.speaks(open) && script.privately(closed) == ["pin"]);
}
