//! By chance: whole lives of calls in a bad network, and messages that are broken anywhere.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use confab_sip::*;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::network::*;
use crate::peer::{SERVER, focus_with};

/// Everything that can be used is.
const PREFERRED: PeerOptions = PeerOptions {
    session_timers: Extension::Preferred,
    session_expires: Duration::from_secs(90),
    min_se: Duration::from_secs(90),
    reliable: Extension::Preferred,
    isfocus: true,
    events: true,
    refer: true,
    replaces: true,
};

/// The headers of all extensions.
const EXTENSIONS: &str = "Session-Expires: 600;refresher=uac\r\nMin-SE: 90\r\nSupported: timer, 100rel\r\n\
    Replaces: a@b;to-tag=c;from-tag=d;early-only\r\nRAck: 1 1 INVITE\r\nEvent: conference;id=1\r\n\
    Refer-To: <sip:1001@10.0.0.1;method=BYE>\r\nExpires: 600\r\n";

/// Does something with each call of an endpoint, now and then.
fn act(net: &mut Network, address: SocketAddr, calls: &mut Vec<CallRef>, rng: &mut StdRng) {
    for call in calls.clone() {
        let choice = rng.random_range(0..40);
        net.at(address, |endpoint, now| match choice {
            0 => endpoint.ring(now, call),
            1..5 => endpoint.answer(now, call, sdp()),
            5 => endpoint.reject(now, call, 486.into()),
            6 => endpoint.hangup(now, call, Cause::NORMAL_CLEARING),
            7..9 => endpoint.reoffer(now, call, sdp()),
            9..13 => endpoint.accept_offer(now, call, sdp()),
            13 => endpoint.refuse_offer(now, call, 488.into()),
            14 => endpoint.info(now, call, "application/dtmf", "1".into()),
            15 => endpoint.ask(now, call),
            16..18 => {
                let target = [(header::REFER_TO, "<sip:1001@10.0.0.1>")];
                endpoint.send_within_call(now, call, Method::Refer, &target, Bytes::new());
            }
            18..20 => {
                let package = [(header::EVENT, "conference")];
                endpoint.send_within_call(now, call, Method::Subscribe, &package, Bytes::new());
            }
            _ => {}
        });
    }
    for event in net.take_events(address) {
        if let Event::Offered { call, .. } = event {
            calls.push(call);
        }
        tend(net, address, &event, rng);
        net.events.entry(address).or_default().push(event);
    }
}

/// Does something with subscriptions and REFERs, now and then.
fn tend(net: &mut Network, address: SocketAddr, event: &Event, rng: &mut StdRng) {
    let (choice, status) = (rng.random_range(0..4), rng.random_range(180..210));
    net.at(address, |endpoint, now| match *event {
        Event::Subscribed { subscription, .. } if choice > 0 => {
            endpoint.accept_subscription(now, subscription)
        }
        Event::Referred { subscription, .. } if choice > 0 => {
            endpoint.accept_refer(now, subscription);
            endpoint.refer_progress(now, subscription, status);
        }
        Event::Subscribed { subscription, .. } | Event::Referred { subscription, .. } => {
            endpoint.refuse_subscription(now, subscription, 403.into());
        }
        Event::Refreshed { subscription, .. } | Event::Notified { subscription } => match choice {
            0 => endpoint.end_subscription(now, subscription, Bytes::new()),
            _ => endpoint.notify(now, subscription, Bytes::from_static(b"<all/>")),
        },
        _ => {}
    });
}

/// Whatever the owners do and the network loses: each call ends exactly once, at last, and nothing is left.
#[test]
fn each_call_ends_exactly_once_and_nothing_is_left() {
    for seed in 0..40 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut net = Network::new();
        net.keep_log = false;
        let server = net.endpoint(SERVER, focus_with(PREFERRED));
        let caller = net.endpoint("10.0.0.2:5060", trunk(SERVER));
        net.loss = f64::from(rng.random_range(0..4)) / 10.0;
        let mut mine: Vec<CallRef> = (0..5)
            .map(|_| net.at(caller, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap())
            .collect();
        let mut theirs = Vec::new();
        let mut told: BTreeMap<SocketAddr, Vec<Event>> = BTreeMap::new();
        for _ in 0..60 {
            act(&mut net, caller, &mut mine, &mut rng);
            act(&mut net, server, &mut theirs, &mut rng);
            for address in [caller, server] {
                told.entry(address).or_default().extend(net.take_events(address));
            }
            net.run_ms(rng.random_range(1..700));
        }
        for (address, calls) in [(caller, &mine), (server, &theirs)] {
            for call in calls {
                net.at(address, |endpoint, now| endpoint.hangup(now, *call, Cause::NORMAL_CLEARING));
            }
        }
        net.run(Duration::from_secs(140));
        assert_eq!(net.at(server, |endpoint, _| endpoint.poll_timeout()), None, "seed {seed}");
        for (address, calls) in [(caller, &mine), (server, &theirs)] {
            let events = told.entry(address).or_default();
            events.extend(net.take_events(address));
            for call in calls {
                check_life(events, *call, seed);
            }
            let stats = net.stats(address);
            assert_eq!((stats.transactions, stats.calls), (0, 0), "seed {seed}");
            assert_eq!(net.at(address, |endpoint, _| endpoint.unsettled()), 0, "seed {seed}");
        }
    }
}

fn check_life(events: &[Event], call: CallRef, seed: u64) {
    let of_call = |event: &&Event| {
        matches!(event,
            Event::Offered { call: c, .. } | Event::Confirmed { call: c, .. } | Event::Progress { call: c, .. }
            | Event::Answered { call: c, .. } | Event::Offer { call: c, .. } | Event::OfferAnswered { call: c, .. }
            | Event::OfferRefused { call: c, .. } | Event::Info { call: c, .. } | Event::Ended { call: c, .. }
            if *c == call)
    };
    let life: Vec<&Event> = events.iter().filter(of_call).collect();
    let ended = life.iter().filter(|event| matches!(event, Event::Ended { .. })).count();
    assert_eq!(ended, 1, "seed {seed} {call:?}: {life:?}");
    assert!(matches!(life.last(), Some(Event::Ended { .. })), "seed {seed} {call:?}: {life:?}");
}

fn mutated(text: &str, changes: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (position, byte) in changes {
        let at = position % bytes.len();
        bytes[at] = *byte;
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes broken anywhere never panic, and whoever else asks is still answered.
    #[test]
    fn broken_messages_do_no_harm(
        method in "INVITE|ACK|BYE|CANCEL|OPTIONS|REGISTER|INFO|UPDATE|PRACK|REFER|SUBSCRIBE|NOTIFY|X",
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..12),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut net = Network::new();
        let server = net.endpoint(SERVER, focus_with(PREFERRED));
        let peer = net.scripted("10.0.7.1:5060");
        let invite = request("INVITE", "sip:2000@10.0.0.1:5080", peer, "dialog", "", SDP);
        net.send_text(peer, server, &invite);
        net.run_ms(30);
        let call = offered(&net.take_events(server));
        net.at(server, |endpoint, now| endpoint.answer(now, call, sdp()));
        net.run_ms(30);
        let tag = net.responses(peer).last().and_then(|ok| ok.headers.get(header::TO).map(str::to_owned)).unwrap();
        let body = if matches!(method.as_str(), "REFER" | "SUBSCRIBE" | "PRACK") { "" } else { SDP };
        let text = request(&method, "sip:2000@10.0.0.1:5080", peer, "dialog", EXTENSIONS, body)
            .replace("To: <sip:2000@10.0.0.1:5080>", &format!("To: {tag}"))
            .replace("CSeq: 1 ", "CSeq: 2 ");
        let mut bytes = mutated(&text, &changes);
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        net.send(peer, server, bytes.into());
        net.run_ms(30);
        net.inbox(peer);
        net.send_text(peer, server, &request("OPTIONS", "sip:10.0.0.1:5080", peer, "after", "", ""));
        net.run_ms(30);
        prop_assert!(net.responses(peer).iter().any(|response| response.status == 200));
    }
}
