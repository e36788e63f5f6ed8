//! A bad network.

use std::time::Duration;

use confab_sip::*;

use crate::network::*;

const SERVER: &str = "10.0.0.1:5080";
const CALLS: usize = 1000;

#[test]
fn a_thousand_calls_over_a_network_that_loses_three_in_ten() {
    let mut net = Network::new();
    let server = net.endpoint(SERVER, server());
    let caller = net.endpoint("10.0.0.2:5060", trunk(SERVER));
    net.keep_log = false;
    net.loss = 0.3;
    let calls: Vec<CallRef> = (0..CALLS)
        .map(|_| net.at(caller, |endpoint, now| endpoint.place(now, dial("2000"))).unwrap())
        .collect();
    let (mut answered, mut confirmed, mut ended) = (0, 0, 0);
    // All at once, 64 T1 for the INVITEs, as much again for the ACKs.
    for _ in 0..700 {
        net.run_ms(100);
        for event in net.take_events(server) {
            match event {
                Event::Offered { call, .. } => {
                    net.at(server, |endpoint, now| endpoint.answer(now, call, sdp()))
                }
                Event::Confirmed { .. } => confirmed += 1,
                _ => {}
            }
        }
        for event in net.take_events(caller) {
            answered += usize::from(matches!(event, Event::Answered { .. }));
            ended += usize::from(matches!(event, Event::Ended { .. }));
        }
    }
    assert_eq!(answered + ended, CALLS, "each was set up or has failed");
    assert!(answered >= CALLS * 99 / 100, "{answered} answered");
    assert!(confirmed >= CALLS * 99 / 100, "{confirmed} confirmed");

    for call in calls {
        net.at(caller, |endpoint, now| endpoint.hangup(now, call, Cause::NORMAL_CLEARING));
    }
    net.run(Duration::from_secs(40));
    for address in [server, caller] {
        assert_eq!(net.stats(address).transactions, 0, "{address}");
    }
    assert_eq!(net.stats(caller).calls, 0);
    // A BYE that got through none of its eleven times leaves a call, not a transaction.
    assert!(net.stats(server).calls <= 2, "{}", net.stats(server).calls);
}
