//! Softphones of others in a room with ours: who hears whom at which level. Needs the Debian packages `baresip-core` and
//! `linphone-cli`, which `scripts/test` installs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use confab_mixer::tone_level_dbov;
use confab_phone::Encoding;
use confab_tests::foreign::{Make, Softphone};
use confab_tests::{Bridge, pass, tones};

/// The codec and the voice of each softphone.
const VOICES: [(Encoding, f32); 3] =
    [(Encoding::Opus, 700.0), (Encoding::G722, 850.0), (Encoding::Pcma, 1000.0)];

/// Until a softphone that was started is heard, also on a busy machine.
const HEARD: Duration = Duration::from_secs(30);

/// What all of them hear in the end is to be on their recordings, too.
const RECORDED: Duration = Duration::from_millis(2500);

/// How much a softphone sends too quiet and hears too loud, in dB: Linphone's G.722 counts with samples of 15 bits, which
/// Baresip's does not.
fn quirk(make: Make, codec: Encoding) -> f32 {
    if (make, codec) == (Make::Linphone, Encoding::G722) { 6.0 } else { 0.0 }
}

async fn everybody_hears_everybody_but_himself(make: Make) {
    if !make.is_installed() {
        return;
    }
    let bridge = Bridge::rooms(&[]).await;
    let ours = bridge.member("1000", Encoding::L16 { rate: 16_000 }, tones::TRUNK).await;
    let mut softphones = Vec::new();
    for (codec, hz) in VOICES {
        let phone = Softphone::call(make, bridge.address(), "1000", codec, hz).await;
        let level = ours.wait_until_steady(hz, HEARD).await;
        let level =
            level.unwrap_or_else(|error| panic!("{make:?}, {codec}: {error}; it said: {}", phone.said()));
        assert!((level + 20.0 + quirk(make, codec)).abs() < 1.0, "{make:?}, {codec}: heard at {level} dBov");
        softphones.push((codec, phone));
    }
    pass(RECORDED).await;
    for (codec, phone) in softphones {
        let (heard, rate) = phone.hang_up().await;
        heard_them(make, codec, &heard, rate);
    }
    bridge.stop().await;
}

/// Whether somewhere in the recording, for half a second, ours and the two other voices are to be heard, and nothing of its
/// own.
fn heard_them(make: Make, codec: Encoding, heard: &[i16], rate: u32) {
    let parts = || heard.windows(rate as usize / 2).step_by(rate as usize / 8);
    let is_right = |part: &[i16], (speaker, hz): (Encoding, f32)| {
        let level = tone_level_dbov(part, rate, hz);
        let expected = -20.0 - quirk(make, speaker) + quirk(make, codec);
        if speaker == codec { level < -50.0 } else { (level - expected).abs() < 1.0 }
    };
    let ours =
        |part: &[i16]| (tone_level_dbov(part, rate, tones::TRUNK) + 20.0 - quirk(make, codec)).abs() < 1.0;
    let all = |part: &[i16]| ours(part) && VOICES.into_iter().all(|voice| is_right(part, voice));
    let told = |part: &[i16]| {
        [tones::TRUNK, VOICES[0].1, VOICES[1].1, VOICES[2].1]
            .map(|hz| tone_level_dbov(part, rate, hz).round())
    };
    assert!(parts().any(all), "{make:?}, {codec}, has heard: {:?}", parts().map(told).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_hears_everybody_and_is_heard() {
    everybody_hears_everybody_but_himself(Make::Baresip).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn linphone_hears_everybody_and_is_heard() {
    everybody_hears_everybody_but_himself(Make::Linphone).await;
}
