//! Lines that lose, delay and double packets, and clocks that are wrong: what the others hear, and what the log says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use confab_mixer::tone_level_dbov;
use confab_phone::{Encoding, Impairment, PhoneConfig, Reception};
use confab_tests::{Bridge, Member, SOON, log, pass, tones};

/// So long a line is watched: the verdict looks at the whole call.
const CALL: Duration = Duration::from_secs(6);

/// So long it takes to tell a clock from the jitter.
const CLOCK_KNOWN: Duration = Duration::from_secs(43);

/// Somebody on such a line, and an ear. By PCMU, if nothing else is said.
struct Line {
    bridge: Bridge,
    talker: Member,
    ear: Member,
    user: &'static str,
}

impl Line {
    async fn new(user: &'static str, change: impl FnOnce(PhoneConfig) -> PhoneConfig) -> Self {
        log::keep();
        let bridge = Bridge::rooms(&[]).await;
        let ear = bridge.member("16000", Encoding::L16 { rate: 16_000 }, tones::STATION).await;
        let phone = bridge.caller(user, tones::TRUNK).codecs([Encoding::Pcmu]);
        let talker = bridge.member_as("16000", change(phone)).await;
        ear.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
        Self { bridge, talker, ear, user }
    }

    /// How loud the ear hears the tone within a time from now on: the mean of parts of 100 ms, as what is concealed or
    /// stretched does not keep the phase.
    async fn heard(&self, time: Duration) -> f32 {
        pass(time).await;
        let (samples, rate) = (self.ear.heard().samples(time), self.ear.heard().rate());
        let parts = samples.chunks_exact(rate as usize / 10);
        let levels: Vec<f32> = parts.map(|part| tone_level_dbov(part, rate, tones::TRUNK)).collect();
        levels.iter().sum::<f32>() / levels.len() as f32
    }

    /// Ends the call; the line of the log that tells what it was like.
    async fn verdict(self) -> String {
        self.talker.hang_up();
        let about_him = format!("{} (", self.user);
        let is_last = |line: &str| line.contains(&about_him) && line.contains("its line was: ");
        let line = log::line("verdict", is_last).await;
        assert!(self.ear.stream_report().is_gapless(), "{:?}", self.ear.stream_report());
        self.bridge.stop().await;
        line
    }
}

/// The number before ` unit` in a line of the log.
fn number(line: &str, unit: &str) -> u64 {
    let before = line.split(&format!(" {unit}")).next().unwrap();
    before.rsplit(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("{unit}: {line}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_line_is_called_good() {
    let line = Line::new("4155551001", |phone| phone).await;
    let level = line.heard(CALL).await;
    assert!((level + 20.0).abs() < 0.5, "{level} dBov");
    let verdict = line.verdict().await;
    assert!(verdict.ends_with(": good"), "{verdict}");
    assert_eq!(number(&verdict, "lost"), 0, "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_is_concealed_and_told() {
    let lossy = Impairment { loss: 0.1, ..Impairment::default() };
    let line = Line::new("4155551002", |phone| phone.impairment(lossy)).await;
    let level = line.heard(CALL).await;
    assert!((level + 20.0).abs() < 1.0, "{level} dBov");
    let verdict = line.verdict().await;
    assert!(verdict.ends_with("because of its way to us"), "{verdict}");
    assert!(number(&verdict, "lost") >= 10 && number(&verdict, "ms concealed") >= 200, "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_that_are_late_or_change_places_are_heard_in_order() {
    let late = Impairment { jitter: Duration::from_millis(60), ..Impairment::default() };
    let line = Line::new("4155551003", |phone| phone.impairment(late)).await;
    pass(Duration::from_secs(2)).await;
    let level = line.heard(CALL).await;
    assert!((level + 20.0).abs() < 0.5, "{level} dBov");
    let verdict = line.verdict().await;
    assert!(number(&verdict, "late") <= 15 && number(&verdict, "ms, buffer") >= 8, "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_that_come_twice_are_heard_once() {
    let doubling = Impairment { duplicates: 0.5, ..Impairment::default() };
    let line = Line::new("4155551004", |phone| phone.impairment(doubling)).await;
    let level = line.heard(CALL).await;
    assert!((level + 20.0).abs() < 0.5, "{level} dBov");
    let verdict = line.verdict().await;
    assert!(verdict.ends_with(": good"), "{verdict}");
    assert_eq!(number(&verdict, "lost"), 0, "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_followed_and_told() {
    tokio::join!(a_clock_is_followed("4155551005", 6000), a_clock_is_followed("4155551006", -6000),);
}

async fn a_clock_is_followed(user: &'static str, ppm: i32) {
    let line = Line::new(user, |phone| phone.clock_error_ppm(ppm)).await;
    let level = line.heard(CLOCK_KNOWN).await;
    assert!((level + 20.0).abs() < 0.5, "{ppm}: {level} dBov");
    let verdict = line.verdict().await;
    assert!(verdict.ends_with("because its clock is off"), "{ppm}: {verdict}");
    let shortened = number(&verdict, "ms taken out") as i64 - number(&verdict, "ms put in") as i64;
    let surplus = CLOCK_KNOWN.as_millis() as i64 * i64::from(ppm) / 1_000_000;
    assert!((shortened - surplus).abs() <= 50, "{ppm}: {verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_reports_loss_has_a_bad_way_to_it() {
    let line = Line::new("4155551007", |phone| phone).await;
    for cumulative_lost in [10, 60] {
        let reception = Reception { fraction_lost: 0.2, cumulative_lost, ..Reception::default() };
        line.talker.report_reception(reception);
        line.heard(CALL / 2).await;
    }
    let verdict = line.verdict().await;
    assert!(verdict.ends_with("because of our way to it"), "{verdict}");
}

/// A steady tone is no speech to libopus, which sends no error correction for it: this is its concealment alone.
#[tokio::test(flavor = "multi_thread")]
async fn opus_outlives_loss() {
    let lossy = Impairment { loss: 0.1, ..Impairment::default() };
    let line = Line::new("4155551008", |phone| phone.codecs([Encoding::Opus]).impairment(lossy)).await;
    let level = line.heard(CALL).await;
    let verdict = line.verdict().await;
    assert!((level + 20.0).abs() < 4.0, "{level} dBov: {verdict}");
    assert!(verdict.contains("4155551008 (opus/48000/2): ") && number(&verdict, "lost") >= 10, "{verdict}");
}
