//! Tables: what each machine does at each event, with T1 = 500 ms, T2 = 4 s, T4 = 5 s.

use std::time::Duration;

use super::Action::{self, Ack, Pass, Send, Start, Stop, Terminate, TimedOut};
use super::{Client, ClientInvite, Pace, Server, ServerInvite, Timer};
use crate::endpoint::Timers;

const UDP: Pace = pace(false);
const TCP: Pace = pace(true);

const fn pace(reliable: bool) -> Pace {
    let timers =
        Timers { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) };
    Pace { reliable, timers }
}

/// Starts a timer of so many milliseconds.
fn start(timer: Timer, ms: u64) -> Action {
    Start(timer, Duration::from_millis(ms))
}

/// Fires a timer until it is not started again; the intervals in milliseconds.
fn intervals(timer: Timer, times: usize, mut fire: impl FnMut() -> Vec<Action>) -> Vec<u64> {
    let interval = |actions: Vec<Action>| match actions[..] {
        [Send, Start(started, time)] if started == timer => u64::try_from(time.as_millis()).unwrap(),
        _ => panic!("{actions:?}"),
    };
    (0..times).map(|_| interval(fire())).collect()
}

#[test]
fn an_invite_is_repeated_with_doubling_intervals_until_timer_b() {
    let mut machine = ClientInvite::new(UDP);
    assert_eq!(machine.start(), [Send, start(Timer::B, 32_000), start(Timer::A, 500)]);
    let repeats = intervals(Timer::A, 6, || machine.timer(Timer::A));
    assert_eq!(repeats, [1000, 2000, 4000, 8000, 16_000, 32_000]);
    assert_eq!(machine.timer(Timer::B), [TimedOut, Terminate]);
}

#[test]
fn over_a_reliable_transport_nothing_is_repeated() {
    assert_eq!(ClientInvite::new(TCP).start(), [Send, start(Timer::B, 32_000)]);
    assert_eq!(Client::new(TCP).start(), [Send, start(Timer::F, 32_000)]);
    let failed = ServerInvite::new(TCP).respond(486);
    assert_eq!(failed, [Send, start(Timer::H, 32_000)]);
    assert_eq!(Server::new(TCP).respond(200), [Send, Terminate]);
}

#[test]
fn invite_client_by_table() {
    let stop = [Timer::A, Timer::B, Timer::C].map(Stop);
    let accepted: Vec<Action> = stop.into_iter().chain([Pass, start(Timer::M, 32_000)]).collect();
    let failed: Vec<Action> = stop.into_iter().chain([Ack, Pass, start(Timer::D, 32_000)]).collect();
    let ringing = vec![Stop(Timer::A), Stop(Timer::B), Pass];
    let table: [(&[u16], &[Action]); 9] = [
        (&[180], &ringing),
        (&[180, 183], &[Pass]),
        (&[200], &accepted),
        (&[180, 200], &accepted),
        (&[200, 200], &[Pass]),
        (&[200, 486], &[]),
        (&[486], &failed),
        (&[486, 486], &[Ack]),
        (&[486, 200], &[]),
    ];
    for (responses, expected) in table {
        let mut machine = ClientInvite::new(UDP);
        machine.start();
        let last = responses.iter().map(|status| machine.response(*status)).last().unwrap();
        assert_eq!(last, expected, "{responses:?}");
    }
}

#[test]
fn invite_client_ends_by_d_m_or_c() {
    let after = |status: u16, timer: Timer| {
        let mut machine = ClientInvite::new(UDP);
        machine.start();
        machine.response(status);
        machine.timer(timer)
    };
    assert_eq!(after(486, Timer::D), [Terminate]);
    assert_eq!(after(200, Timer::M), [Terminate]);
    for late in [Timer::A, Timer::B] {
        assert_eq!(after(180, late), []);
    }
    let mut machine = ClientInvite::new(UDP);
    machine.start();
    assert_eq!(machine.cancelled(), []);
    machine.response(100);
    assert_eq!(machine.cancelled(), [start(Timer::C, 32_000)]);
    assert_eq!(machine.timer(Timer::C), [TimedOut, Terminate]);
    let mut machine = ClientInvite::new(TCP);
    machine.start();
    assert_eq!(machine.response(404).last(), Some(&Terminate));
}

#[test]
fn other_client_is_repeated_up_to_t2_and_in_proceeding_at_t2() {
    let mut machine = Client::new(UDP);
    assert_eq!(machine.start(), [Send, start(Timer::F, 32_000), start(Timer::E, 500)]);
    assert_eq!(intervals(Timer::E, 5, || machine.timer(Timer::E)), [1000, 2000, 4000, 4000, 4000]);
    let mut machine = Client::new(UDP);
    machine.start();
    assert_eq!(machine.response(100), [Pass]);
    assert_eq!(intervals(Timer::E, 2, || machine.timer(Timer::E)), [4000, 4000]);
    assert_eq!(machine.timer(Timer::F), [TimedOut, Terminate]);
}

#[test]
fn other_client_waits_for_repeated_responses_by_timer_k() {
    let mut machine = Client::new(UDP);
    machine.start();
    assert_eq!(machine.response(200), [Stop(Timer::E), Stop(Timer::F), Pass, start(Timer::K, 5000)]);
    assert_eq!(machine.response(200), []);
    assert_eq!(machine.timer(Timer::E), []);
    assert_eq!(machine.timer(Timer::K), [Terminate]);
    let mut machine = Client::new(TCP);
    machine.start();
    assert_eq!(machine.response(404), [Stop(Timer::E), Stop(Timer::F), Pass, Terminate]);
}

#[test]
fn invite_server_repeats_a_failure_until_its_ack() {
    let mut machine = ServerInvite::new(UDP);
    assert_eq!(machine.respond(100), [Send]);
    assert_eq!(machine.request(), [Send]);
    assert!(machine.is_open());
    assert_eq!(machine.respond(486), [Send, start(Timer::H, 32_000), start(Timer::G, 500)]);
    assert!(!machine.is_open());
    assert_eq!(intervals(Timer::G, 5, || machine.timer(Timer::G)), [1000, 2000, 4000, 4000, 4000]);
    assert_eq!(machine.request(), [Send]);
    assert_eq!(machine.ack(), [Stop(Timer::G), Stop(Timer::H), start(Timer::I, 5000)]);
    assert_eq!((machine.request(), machine.ack(), machine.timer(Timer::G)), (vec![], vec![], vec![]));
    assert_eq!(machine.timer(Timer::I), [Terminate]);
}

#[test]
fn invite_server_without_ack_times_out_by_timer_h() {
    let mut machine = ServerInvite::new(UDP);
    machine.respond(603);
    assert_eq!(machine.timer(Timer::H), [TimedOut, Terminate]);
}

#[test]
fn an_accepted_invite_is_absorbed_until_timer_l() {
    for pace in [UDP, TCP] {
        let mut machine = ServerInvite::new(pace);
        assert_eq!(machine.respond(200), [Send, start(Timer::L, 32_000)]);
        assert_eq!((machine.request(), machine.ack()), (vec![], vec![]));
        assert_eq!(machine.respond(200), [Send]);
        assert_eq!(machine.respond(486), []);
        assert_eq!(machine.timer(Timer::L), [Terminate]);
    }
}

#[test]
fn other_server_repeats_its_response_until_timer_j() {
    let mut machine = Server::new(UDP);
    assert_eq!(machine.request(), []);
    assert_eq!(machine.respond(100), [Send]);
    assert_eq!(machine.request(), [Send]);
    assert_eq!(machine.respond(200), [Send, start(Timer::J, 32_000)]);
    assert_eq!(machine.request(), [Send]);
    assert_eq!(machine.respond(500), []);
    assert_eq!(machine.timer(Timer::J), [Terminate]);
}

#[test]
fn a_timer_of_the_wrong_state_does_nothing() {
    use Timer::{A, B, C, D, E, F, G, H, I, J, K, L, M};
    let all = [A, B, C, D, E, F, G, H, I, J, K, L, M];
    let fresh = |timer| {
        let client = ClientInvite::new(UDP).timer(timer).len();
        let other = Client::new(UDP).timer(timer).len();
        client + other + ServerInvite::new(UDP).timer(timer).len() + Server::new(UDP).timer(timer).len()
    };
    let acting: Vec<Timer> = all.into_iter().filter(|timer| fresh(*timer) > 0).collect();
    assert_eq!(acting, [A, B, E, F]);
}
