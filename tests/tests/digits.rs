//! One press of a key counts once, by whichever ways it is told: telephone-events, INFO, tones.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use confab_phone::{Encoding, Impairment, KeyTiming, Keys, PhoneConfig, Source};
use confab_tests::{Bridge, Member, SOON, pass, tones};

const ALL_ORDERS: [[Keys; 3]; 6] = [
    [Keys::Rfc4733, Keys::Info, Keys::InBand],
    [Keys::Rfc4733, Keys::InBand, Keys::Info],
    [Keys::Info, Keys::Rfc4733, Keys::InBand],
    [Keys::Info, Keys::InBand, Keys::Rfc4733],
    [Keys::InBand, Keys::Rfc4733, Keys::Info],
    [Keys::InBand, Keys::Info, Keys::Rfc4733],
];

/// Somebody who presses keys, and an ear that tells by his level how often: key 1 is a step down, 3 one up.
struct Keypad {
    bridge: Bridge,
    presser: Member,
    ear: Member,
}

impl Keypad {
    async fn new(inband: &str, change: impl FnOnce(PhoneConfig) -> PhoneConfig) -> Self {
        let bridge = Bridge::rooms(&[&format!("profiles.narrow.inband-dtmf={inband}")]).await;
        let quiet = bridge.caller("4155550000", tones::STATION).source(Source::Silence);
        let ear = bridge.member_as("8000", quiet).await;
        let phone = bridge.caller("4155550001", tones::TRUNK).codecs([Encoding::Pcmu]);
        let presser = bridge.member_as("8000", change(phone)).await;
        ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
        Self { bridge, presser, ear }
    }

    async fn press(&self, key: &str, ways: &[Keys]) {
        for way in ways {
            self.presser.press_as(key, *way, KeyTiming::default()).await.unwrap();
        }
    }

    /// Asserts that so many steps have been counted, also after what may come late.
    async fn has_counted(&self, steps: i8, how: &str) {
        pass(Duration::from_millis(800)).await;
        let level = self.ear.wait_until_steady(tones::TRUNK, SOON).await.unwrap();
        let expected = -20.0 + 3.0 * f32::from(steps);
        assert!((level - expected).abs() < 0.5, "{how}: {level} dBov instead of {expected}");
    }
}

/// Three presses down and three up: one that counts twice or not at all is seen at once.
async fn each_order_counts_once(keypad: &Keypad, how: &str) {
    for (key, orders, steps) in [("1", &ALL_ORDERS[..3], -3), ("3", &ALL_ORDERS[3..], 0)] {
        for order in orders {
            keypad.press(key, order).await;
        }
        keypad.has_counted(steps, how).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_comes_in_three_ways_counts_once() {
    let keypad = Keypad::new("always", |phone| phone).await;
    each_order_counts_once(&keypad, "nothing is lost").await;
    keypad.presser.impair(Impairment { loses_key_ends: true, ..Impairment::default() });
    each_order_counts_once(&keypad, "the end packets are lost").await;
    keypad.bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_counts_whose_end_is_lost() {
    let keypad = Keypad::new("auto", |phone| phone).await;
    keypad.presser.impair(Impairment { loses_key_ends: true, ..Impairment::default() });
    keypad.press("1", &[Keys::Rfc4733, Keys::Rfc4733]).await;
    keypad.has_counted(-2, "events alone").await;
    keypad.press("3", &[Keys::Both, Keys::Both]).await;
    keypad.has_counted(0, "events and INFO").await;
    keypad.bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_count_on_a_line_that_loses_delays_and_doubles() {
    let keypad = Keypad::new("auto", |phone| phone).await;
    let jitter = Duration::from_millis(60);
    keypad.presser.impair(Impairment { loss: 0.1, jitter, duplicates: 0.1, ..Impairment::default() });
    keypad.press("1", &[Keys::Rfc4733, Keys::Both, Keys::Rfc4733]).await;
    keypad.presser.impair(Impairment::default());
    keypad.has_counted(-3, "a bad line").await;
    keypad.bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tones_alone_are_keys_where_no_events_were_agreed_on_and_nobody_hears_them() {
    let without_events = |phone: PhoneConfig| PhoneConfig { keys: Keys::InBand, ..phone };
    let keypad = Keypad::new("auto", without_events).await;
    keypad.press("1", &[Keys::InBand, Keys::InBand, Keys::InBand]).await;
    for hz in [697.0, 1209.0] {
        let level = keypad.ear.heard().tone_level(hz, Duration::from_secs(1));
        assert!(level < -60.0, "{hz} Hz is heard at {level} dBov");
    }
    keypad.has_counted(-3, "tones alone").await;
    keypad.bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tones_are_no_keys_beside_events_or_where_they_are_not_wanted() {
    let without_events = |phone: PhoneConfig| PhoneConfig { keys: Keys::InBand, ..phone };
    for keypad in [Keypad::new("auto", |phone| phone).await, Keypad::new("never", without_events).await] {
        keypad.press("1", &[Keys::InBand]).await;
        keypad.has_counted(0, "tones").await;
        keypad.bridge.stop().await;
    }
}
