//! Documents as a subscriber reads them: what he knows after each is what is.

use std::time::Duration;

use confab_conference::{LegId, MemberFlags, RoomId};

use super::*;

const HOST: &str = "conf.example";

fn member(leg: u64, number: &str) -> RosterMember {
    RosterMember {
        leg: LegId(leg),
        number: number.into(),
        name: None,
        user: None,
        role: "guest".into(),
        flags: MemberFlags::default(),
        state: RosterState::Joined,
        moderator: false,
        muted: false,
        deaf: false,
        held: false,
        talking: false,
        floor: false,
        hand: false,
        joined: None,
        talk_time: Duration::ZERO,
    }
}

fn roster(members: Vec<RosterMember>) -> Roster {
    Roster {
        room: RoomId(1),
        name: "2000".into(),
        profile: "simpleconf".into(),
        description: "The <Board> & \"Guests\"".into(),
        locked: false,
        recording: false,
        size: members.len(),
        members,
    }
}

fn document(members: Vec<RosterMember>) -> Document {
    Document::of(&roster(members), HOST)
}

/// A subscriber: what he knows of each user.
#[derive(Default)]
struct Reader {
    version: u32,
    users: BTreeMap<String, String>,
}

impl Reader {
    /// Takes a document as RFC 4575 §4.4 wants; gives its state.
    fn read(&mut self, xml: &str) -> String {
        let document = roxmltree::Document::parse(xml).unwrap();
        let root = document.root_element();
        let version: u32 = root.attribute("version").unwrap().parse().unwrap();
        assert_eq!(version, self.version + 1);
        assert_eq!(root.tag_name().namespace(), Some(NAMESPACE));
        assert_eq!(root.attribute("entity"), Some("sip:2000@conf.example"));
        self.version = version;
        let state = root.attribute("state").unwrap().to_owned();
        if state == "full" {
            self.users.clear();
        }
        for user in root.descendants().filter(|node| node.has_tag_name("user")) {
            let entity = user.attribute("entity").unwrap().to_owned();
            match user.attribute("state") {
                Some("deleted") => drop(self.users.remove(&entity).unwrap()),
                _ => drop(self.users.insert(entity, xml[user.range()].to_owned())),
            }
        }
        state
    }

    fn knows(&self, document: &Document) -> bool {
        let theirs = self.users.iter().map(|(entity, element)| (entity.as_str(), element.as_str()));
        theirs.eq(document.users.iter().map(|(entity, element)| (&**entity, &**element)))
    }
}

/// The texts of the elements of that name.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let of_name = document.descendants().filter(|node| node.has_tag_name(name));
    of_name.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

fn told() -> Told {
    Told::about("sip:2000@conf.example".into())
}

#[test]
fn a_full_document_says_all_and_escapes_what_must_be() {
    let mut alice = RosterMember { name: Some("A<b>&\"\u{1}ü".into()), ..member(1, "1004") };
    (alice.moderator, alice.muted) = (true, true);
    let room = document(vec![alice, member(2, "#5 5")]);
    let xml = told().next(&room).unwrap();
    assert_eq!(texts(&xml, "display-text"), ["2000", "A<b>&\"ü"]);
    assert_eq!(texts(&xml, "subject"), ["The <Board> & \"Guests\""]);
    assert_eq!(texts(&xml, "user-count"), ["2"]);
    assert_eq!(texts(&xml, "entry"), ["participant", "moderator"]);
    assert!(xml.contains("entity=\"sip:%235%205@conf.example\""), "{xml}");
    assert!(xml.contains("entity=\"sip:1004@conf.example;leg=1\""), "{xml}");
    let mut reader = Reader::default();
    assert_eq!(reader.read(&xml), "full");
    assert!(reader.knows(&room));
}

#[test]
fn the_status_and_the_media_of_an_endpoint_by_table() {
    use RosterState::{Calling, Entering, Joined, Leaving, Waiting};
    // State, muted, deaf, held.
    let table = [
        (Calling, false, false, false, "dialing-out", None),
        (Entering, false, false, false, "pending", None),
        (Waiting, false, false, false, "pending", None),
        (Leaving, false, false, false, "disconnecting", None),
        (Joined, false, false, false, "connected", Some("sendrecv")),
        (Joined, true, false, false, "muted-via-focus", Some("recvonly")),
        (Joined, false, true, false, "connected", Some("sendonly")),
        (Joined, true, true, false, "muted-via-focus", Some("inactive")),
        (Joined, true, false, true, "on-hold", Some("inactive")),
    ];
    for (state, muted, deaf, held, status, direction) in table {
        let one = RosterMember { state, muted, deaf, held, ..member(1, "1004") };
        let xml = told().next(&document(vec![one])).unwrap();
        let expected: Vec<&str> = [Some(status), direction].into_iter().flatten().collect();
        assert_eq!(texts(&xml, "status"), expected, "{state:?} {muted} {deaf} {held}");
    }
}

#[test]
fn whoever_calls_twice_is_one_user_and_the_nameless_are_several() {
    let outgoing = LegId::OUTGOING.0 + 7;
    let room = document(vec![
        member(1, "1004"),
        member(outgoing, "1004"),
        member(2, "anonymous"),
        member(3, "anonymous"),
    ]);
    let xml = told().next(&room).unwrap();
    assert_eq!(room.users.len(), 3);
    assert_eq!(texts(&xml, "joining-method"), ["dialed-in", "dialed-out", "dialed-in", "dialed-in"]);
    assert!(xml.contains("sip:anonymous-2@anonymous.invalid"), "{xml}");
}

#[test]
fn later_documents_tell_only_what_is_new() {
    let (mut told, mut reader) = (told(), Reader::default());
    let steps = [
        (vec![member(1, "a"), member(2, "b")], 2),
        (vec![member(1, "a"), RosterMember { muted: true, ..member(2, "b") }], 1),
        (vec![member(1, "a"), RosterMember { muted: true, ..member(2, "b") }, member(3, "c")], 1),
        (vec![member(3, "c")], 2),
    ];
    for (step, (members, changes)) in steps.into_iter().enumerate() {
        let room = document(members);
        assert!(told.is_behind(&room));
        let xml = told.next(&room).unwrap();
        assert_eq!(reader.read(&xml), if step == 0 { "full" } else { "partial" });
        let parsed = roxmltree::Document::parse(&xml).unwrap();
        let users = parsed.descendants().filter(|node| node.has_tag_name("user")).count();
        assert_eq!(users, changes, "step {step}");
        assert!(reader.knows(&room));
        assert_eq!(told.next(&room), None, "nothing new");
    }
    let locked = Roster { locked: true, ..roster(vec![member(3, "c")]) };
    let xml = told.next(&Document::of(&locked, HOST)).unwrap();
    assert_eq!((reader.read(&xml).as_str(), texts(&xml, "locked")), ("partial", vec!["true".to_owned()]));
    assert!(!xml.contains("<users"), "{xml}");
    told.forget();
    let xml = told.next(&document(vec![member(3, "c")])).unwrap();
    assert_eq!(reader.read(&xml), "full");
}

#[test]
fn a_large_room_is_told_in_documents_that_fit_a_datagram() {
    let members = (0..500)
        .map(|leg| RosterMember { name: Some("&".repeat(64)), ..member(leg, &format!("{leg:032}")) })
        .collect();
    let room = document(members);
    let (mut told, mut reader) = (told(), Reader::default());
    let mut count = 0;
    while told.is_behind(&room) {
        let xml = told.next(&room).unwrap();
        assert!(xml.len() < 32_000, "{}", xml.len());
        reader.read(&xml);
        count += 1;
    }
    assert!(reader.knows(&room));
    assert!((10..30).contains(&count), "{count}");
}

/// All who call through a switchboard have one number: each document fits a datagram all the same.
#[test]
fn very_many_legs_of_one_number_fit_a_datagram() {
    let mut members = vec![member(0, "1001")];
    members.extend((1..1000).map(|leg| member(leg, "49301234567")));
    let room = document(members);
    let (mut told, mut reader) = (told(), Reader::default());
    while let Some(document) = told.next(&room) {
        assert!(document.len() < 60_000, "{} octets", document.len());
        reader.read(&document);
    }
    assert!(!told.is_behind(&room) && reader.users.len() == 2);
}
