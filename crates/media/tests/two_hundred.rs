//! Two hundred callers for ten seconds: the worker neither allocates nor frees, and everybody gets every packet.

mod common;

use std::ops::AddAssign;

use allocation_counter::{AllocationInfo, measure};
use common::{Bed, Phone};

const CALLERS: u64 = 200;
const TALKERS: u64 = 3;
/// Ten seconds of them, of 20 ms.
const TICKS: usize = 500;

/// Throws away what has come; how many packets of audio it was.
fn drain(phone: &Phone) -> usize {
    let mut datagram = [0; 2048];
    let mut count = 0;
    while phone.rtp.recv_from(&mut datagram).is_ok() {
        count += 1;
    }
    while phone.rtcp.recv_from(&mut datagram).is_ok() {}
    count
}

#[test]
fn nothing_is_allocated_while_two_hundred_are_heard() {
    let mut bed = Bed::new(60);
    let prepare = |leg: u64| {
        let level_dbov = if leg <= TALKERS { -20.0 } else { -62.0 };
        move |phone: &mut Phone| phone.sing(300.0 + 10.0 * leg as f32, level_dbov)
    };
    let mut phones: Vec<Phone> = (1..=CALLERS).map(|leg| bed.join(leg, prepare(leg))).collect();
    for phone in &phones {
        phone.rtp.set_nonblocking(true).expect("a socket of ours");
        phone.rtcp.set_nonblocking(true).expect("a socket of ours");
    }
    bed.tick();
    phones.iter().for_each(|phone| _ = drain(phone));
    let (mut allocated, mut heard) = (AllocationInfo::default(), vec![0; phones.len()]);
    for _ in 0..TICKS {
        phones.iter_mut().for_each(Phone::speak);
        let now = bed.now;
        allocated.add_assign(measure(|| {
            bed.worker.run(now);
        }));
        bed.now += common::TICK;
        heard.iter_mut().zip(&phones).for_each(|(heard, phone)| *heard += drain(phone));
        bed.events();
    }
    assert_eq!(
        (allocated.count_total, allocated.count_current),
        (0, 0),
        "allocations, and what they came to"
    );
    assert!(heard.iter().all(|&heard| heard == TICKS), "{heard:?}");
}
