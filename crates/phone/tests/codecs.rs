//! Two phones that speak by each codec, over good and bad lines.
#![expect(clippy::unwrap_used, reason = "a call that cannot be set up is a failed test")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use confab_mixer::tone_level_dbov;
use confab_phone::{
    Call, Encoding, Heard, Impairment, OnCall, Opus, Phone, PhoneConfig, Reception, Source, StreamReport,
    VoipMetrics,
};

const SOON: Duration = Duration::from_secs(5);
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A call that is up, seen from both ends: the caller's 440 Hz, the callee's 600 Hz.
struct Pair {
    _phones: [Phone; 2],
    near: Call,
    far: Call,
}

impl Pair {
    async fn up(change: impl Fn(PhoneConfig) -> PhoneConfig) -> Self {
        let called = PhoneConfig::listening(SocketAddr::new(LOOPBACK, 0)).tone(600.0);
        let called = Phone::start(change(called.on_call(OnCall::Answer(Duration::ZERO)))).await.unwrap();
        let calling = PhoneConfig::new(called.local_addr(), "5551234").tone(440.0);
        let calling = Phone::start(change(calling)).await.unwrap();
        let near = calling.call("2002").await.unwrap();
        near.wait_answered(SOON).await.unwrap();
        let far = called.next_answered(SOON).await.unwrap();
        Self { _phones: [calling, called], near, far }
    }

    async fn by(encoding: Encoding) -> Self {
        Self::up(|config| config.codecs([encoding])).await
    }

    /// What the far end counts within a time from now on.
    async fn report_after(&self, time: Duration) -> StreamReport {
        self.far.restart_report();
        tokio::time::sleep(time).await;
        self.far.stream_report()
    }
}

#[tokio::test]
async fn each_codec_carries_a_tone_at_its_level_in_one_piece() {
    for encoding in Encoding::ALL {
        let pair = Pair::by(encoding).await;
        for (call, hz) in [(&pair.near, 600.0), (&pair.far, 440.0)] {
            let level = call.wait_until_steady(hz, SOON).await.unwrap();
            assert!((level + 20.0).abs() < 0.5, "{encoding}: {level} dBov");
            let report = call.stream_report();
            assert!(report.is_gapless(), "{encoding}: {report:?}");
            assert_eq!(call.heard().rate(), encoding.sample_rate());
        }
        assert_eq!(pair.near.state().stream.unwrap().encoding, encoding);
    }
}

/// What lies above 4 kHz is heard by whom it can reach.
#[tokio::test]
async fn wide_codecs_carry_high_tones() {
    for (encoding, hz) in [
        (Encoding::G722, 6000.0),
        (Encoding::L16 { rate: 16_000 }, 7000.0),
        (Encoding::L16 { rate: 48_000 }, 15_000.0),
        (Encoding::Opus, 11_000.0),
    ] {
        let pair = Pair::by(encoding).await;
        pair.near.play(Source::tone(hz));
        let level = pair.far.wait_until_steady(hz, SOON).await.unwrap();
        assert!((level + 20.0).abs() < 1.5, "{encoding}: {level} dBov");
    }
}

#[tokio::test]
async fn packets_of_each_codec_have_the_length_that_was_asked_for() {
    for (encoding, ptime, expected) in [
        (Encoding::G722, 10, 10),
        (Encoding::G722, 60, 60),
        (Encoding::L16 { rate: 48_000 }, 60, 60),
        (Encoding::Opus, 10, 10),
        (Encoding::Opus, 30, 20),
        (Encoding::Opus, 60, 60),
    ] {
        let pair = Pair::up(|config| config.codecs([encoding]).ptime_ms(ptime)).await;
        pair.far.wait_until_steady(440.0, SOON).await.unwrap();
        let report = pair.far.stream_report();
        let packets = report.duration.as_millis() as u64 / expected;
        assert!(
            report.is_gapless() && report.packets.abs_diff(packets) <= 3,
            "{encoding} {ptime}: {report:?}"
        );
    }
}

#[tokio::test]
async fn a_call_goes_over_to_other_codecs() {
    let pair = Pair::up(|config| config.codecs(Encoding::ALL)).await;
    for encoding in
        [Encoding::Pcma, Encoding::Opus, Encoding::G722, Encoding::L16 { rate: 48_000 }, Encoding::Pcmu]
    {
        pair.near.change_codecs([encoding]).await.unwrap();
        for (call, hz) in [(&pair.near, 600.0), (&pair.far, 440.0)] {
            assert_eq!(call.state().stream.unwrap().encoding, encoding);
            call.wait_until_steady(hz, SOON).await.unwrap();
        }
        pair.near.press("5").await.unwrap();
    }
    pair.far.wait_until_keys("55555", SOON).await.unwrap();
}

#[tokio::test]
async fn a_call_goes_over_to_packets_of_another_length() {
    for encoding in [Encoding::Pcmu, Encoding::G722, Encoding::Opus] {
        let pair = Pair::by(encoding).await;
        for ptime in [60, 10] {
            pair.near.change_ptime(ptime).await.unwrap();
            let report = pair.report_after(Duration::from_millis(600)).await;
            let packets = report.duration.as_millis() as u64 / u64::from(ptime);
            assert!(report.packets.abs_diff(packets) <= 3, "{encoding} {ptime}: {report:?}");
            pair.far.wait_until_steady(440.0, SOON).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_call_goes_over_to_other_ports() {
    let pair = Pair::by(Encoding::Pcmu).await;
    let before = pair.far.remote_media().unwrap();
    pair.near.change_ports().await.unwrap();
    assert_ne!(pair.far.remote_media().unwrap(), before);
    let report = pair.report_after(Heard::WINDOW).await;
    assert!(report.packets > 8, "{report:?}");
    for (call, hz) in [(&pair.near, 600.0), (&pair.far, 440.0)] {
        call.wait_until_steady(hz, SOON).await.unwrap();
    }
}

#[tokio::test]
async fn the_end_of_a_key_may_be_lost() {
    let lossy = Impairment { loses_key_ends: true, ..Impairment::default() };
    let pair = Pair::up(|config| config.impairment(lossy)).await;
    pair.near.press("12").await.unwrap();
    pair.far.wait_until_keys("12", SOON).await.unwrap();
    let report = pair.far.stream_report();
    assert_eq!(report.lost, 6, "three ends of each key: {report:?}");
}

#[tokio::test]
async fn keys_go_beside_each_codec() {
    for encoding in [Encoding::G722, Encoding::Opus, Encoding::L16 { rate: 16_000 }] {
        let pair = Pair::by(encoding).await;
        pair.near.press("*10#").await.unwrap();
        pair.far.wait_until_keys("*10#", SOON).await.unwrap();
        let report = pair.far.stream_report();
        assert!(report.is_gapless(), "{encoding}: {report:?}");
    }
}

#[tokio::test]
async fn a_file_of_any_rate_is_played_and_recorded_at_the_rate_of_the_codec() {
    let name =
        |what| std::env::temp_dir().join(format!("confab-phone-codecs-{}-{what}.wav", std::process::id()));
    let (played, recorded) = (name("played"), name("recorded"));
    write_tone(&played, 44_100, 5000.0);

    let pair = Pair::by(Encoding::G722).await;
    pair.far.wait_until_hears(440.0, SOON).await.unwrap();
    pair.far.record(&recorded).unwrap();
    pair.near.play_wav(&played).unwrap();
    pair.far.wait_until_steady(5000.0, SOON).await.unwrap();
    pair.far.stop_recording().unwrap();

    let reader = hound::WavReader::open(&recorded).unwrap();
    assert_eq!(reader.spec().sample_rate, 16_000);
    let samples: Vec<i16> = reader.into_samples().map(Result::unwrap).collect();
    let level = tone_level_dbov(&samples[samples.len() - 3200..], 16_000, 5000.0);
    assert!((level + 19.3).abs() < 0.5, "{level} dBov");
    for path in [played, recorded] {
        std::fs::remove_file(path).unwrap();
    }
}

#[tokio::test]
async fn opus_sends_next_to_nothing_of_silence_with_dtx() {
    let pair = Pair::up(|config| {
        let opus = Opus { dtx: true, ..Opus::default() };
        config.codecs([Encoding::Opus]).opus(opus).source(Source::Silence)
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let report = pair.report_after(Duration::from_secs(1)).await;
    assert!((1..=8).contains(&report.packets), "{report:?}");
    assert_eq!((report.lost, report.timestamp_jumps), (0, 0));
    pair.near.play_tone(440.0, -20.0);
    pair.far.wait_until_steady(440.0, SOON).await.unwrap();
}

/// What comes in a second through such a network, in packets of 10 ms.
async fn through(impairment: Impairment) -> StreamReport {
    let pair = Pair::up(|config| config.codecs([Encoding::G722]).ptime_ms(10).impairment(impairment)).await;
    pair.report_after(Duration::from_secs(1)).await
}

#[tokio::test]
async fn a_bad_line_loses_delays_and_doubles() {
    let good = Impairment::default();
    let (lossy, doubling, late) = tokio::join!(
        through(Impairment { loss: 0.2, ..good }),
        through(Impairment { duplicates: 0.5, ..good }),
        through(Impairment { jitter: Duration::from_millis(60), ..good }),
    );
    let lost = lossy.lost as f64 / (lossy.packets + lossy.lost) as f64;
    assert!((0.08..0.35).contains(&lost), "{lossy:?}");
    let doubled = doubling.duplicated as f64 / (doubling.packets - doubling.duplicated) as f64;
    assert!((0.3..0.7).contains(&doubled) && doubling.lost <= 1, "{doubling:?}");
    assert!(late.reordered > 10 && late.duplicated == 0, "{late:?}");
}

#[tokio::test]
async fn a_line_that_becomes_good_again_is_whole() {
    let pair = Pair::by(Encoding::Opus).await;
    pair.near.impair(Impairment { loss: 1.0, ..Impairment::default() });
    pair.far.wait_until_silent_of(440.0, SOON).await.unwrap();
    pair.near.impair(Impairment::default());
    pair.far.wait_until_steady(440.0, SOON).await.unwrap();
}

/// By a third too fast: what no load of the machine looks like.
#[tokio::test]
async fn a_fast_clock_sends_more() {
    let pair = Pair::up(|config| config.clock_error_ppm(333_333)).await;
    pair.far.wait_until_hears(440.0, SOON).await.unwrap();
    let report = pair.report_after(Duration::from_secs(2)).await;
    let per_second = report.packets as f64 / report.duration.as_secs_f64();
    assert!((per_second - 66.7).abs() < 8.0, "{report:?}");
}

#[tokio::test]
async fn the_peer_is_told_what_was_chosen() {
    let pair = Pair::up(|config| PhoneConfig { rtcp_xr: true, ..config }).await;
    pair.far.wait_until_hears(440.0, SOON).await.unwrap();
    assert!(pair.far.state().stream.unwrap().rtcp_xr);
    let voip = VoipMetrics { loss_rate: 26, mos_lq: Some(31), ..VoipMetrics::default() };
    let reception =
        Reception { fraction_lost: 0.1, cumulative_lost: 12, voip: Some(voip), ..Reception::default() };
    pair.near.report_reception(reception);
    let report =
        wait_for(|| Some(pair.far.heard().rtcp_report()).filter(|report| report.voip.is_some())).await;
    assert!(report.about_us >= 1);
    let heard = report.voip.unwrap();
    assert_eq!((heard.loss_rate, heard.mos_lq), (26, Some(31)));
}

async fn wait_for<T>(what: impl Fn() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = what() {
                return found;
            }
            tokio::time::sleep(Heard::WINDOW / 16).await;
        }
    };
    tokio::time::timeout(SOON, found).await.unwrap()
}

fn write_tone(path: &std::path::Path, rate: u32, hz: f32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for index in 0..4 * rate {
        let sine = (std::f32::consts::TAU * (hz * index as f32 / rate as f32).fract()).sin();
        writer.write_sample((sine * 5000.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
}
