use super::*;

#[test]
fn losses_wraps_and_duplicates_are_counted() {
    let mut statistics = ReceiveStatistics::new(5);
    for sequence in (65_530..=65_535).chain(0..4) {
        statistics.count(sequence);
    }
    assert_eq!(statistics.lost(), 0);
    for sequence in [6, 7, 7, 5] {
        statistics.count(sequence);
    }
    assert_eq!(statistics.lost(), 0, "one lost, one twice");
    statistics.count(12);
    let report = statistics.report();
    assert_eq!((report.ssrc, report.cumulative_lost, report.highest_sequence), (5, 4, 65_536 + 12));
    assert_eq!(report.fraction_lost, u8::try_from(4 * 256 / 19).unwrap());
    for sequence in 13..33 {
        statistics.count(sequence);
    }
    assert_eq!(statistics.report().fraction_lost, 0, "nothing lost since");
}

#[test]
fn a_jump_counts_when_it_is_confirmed() {
    let mut statistics = ReceiveStatistics::new(5);
    for sequence in [10, 11, 40_000, 12, 13] {
        statistics.count(sequence);
    }
    assert_eq!(statistics.report().highest_sequence, 13);
    for sequence in [40_000, 40_001, 40_002] {
        statistics.count(sequence);
    }
    assert_eq!((statistics.report().highest_sequence, statistics.lost()), (40_002, 0));
}

#[test]
fn jitter_converges_to_the_mean_difference() {
    let mut statistics = ReceiveStatistics::new(5);
    for number in 0..1000_u32 {
        statistics.time(number * 160, number * 160 + number % 2 * 80);
    }
    assert!((76..=80).contains(&statistics.jitter()), "{}", statistics.jitter());
    for number in 1000..1400_u32 {
        statistics.time(number * 160, number * 160);
    }
    assert_eq!(statistics.jitter(), 0);
}
