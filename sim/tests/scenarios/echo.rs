//! Members who send back what they are sent are found, and nobody else is.

use std::time::Duration;

use confab_sim::echo::{Echo, blamed};

#[test]
fn echoes_of_50_to_400_ms_are_found_down_to_minus_30_db() {
    for (delay_ms, loss_db) in [(50, 6), (50, 30), (100, 18), (200, 24), (300, 30), (400, 6), (400, 30)] {
        for seed in [3, 4] {
            let found = Echo::new(delay_ms, loss_db).find(seed, Duration::from_secs(30));
            let found = found.unwrap_or_else(|| panic!("{delay_ms} ms, {loss_db} dB"));
            assert!(found.delay_ms.abs_diff(delay_ms) <= 15, "{delay_ms} ms: {found:?}");
            assert!(found.loss_db.abs_diff(loss_db) <= 5, "{loss_db} dB: {found:?}");
        }
    }
}

#[test]
fn it_is_found_though_its_owner_talks_too() {
    for (delay_ms, loss_db) in [(60, 6), (150, 12), (350, 18)] {
        let echo = Echo { own_talk: 0.3, ..Echo::new(delay_ms, loss_db) };
        assert!(echo.find(5, Duration::from_secs(60)).is_some(), "{delay_ms} ms, {loss_db} dB");
    }
}

#[test]
fn nobody_is_blamed_in_half_an_hour_of_talk() {
    assert_eq!(blamed(1, Duration::from_secs(1800)), 0);
}

#[test]
#[ignore = "a minute of computing"]
fn nobody_is_blamed_in_ten_hours_of_talk() {
    let hour = Duration::from_secs(3600);
    assert_eq!((0..10).map(|seed| blamed(seed, hour)).sum::<usize>(), 0);
}
