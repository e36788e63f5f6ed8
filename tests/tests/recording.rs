//! The tutorial's 2005: a conference that records itself.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use confab_mixer::tone_level_dbov;
use confab_phone::Encoding;
use confab_tests::{Bridge, Member, SOON, pass, tones, until};
use serde_json::Value;

/// Samples of a tick.
const FRAME: usize = 160;

/// A bridge that records into a folder, which goes with the returned value.
async fn bridge(overrides: &[&str]) -> (Bridge, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let dir = format!("recording.dir={}", folder.path().display());
    let all: Vec<&str> = overrides.iter().copied().chain([dir.as_str()]).collect();
    (Bridge::with(&all).await, folder)
}

/// Two who talk in 2005.
async fn two(bridge: &Bridge) -> (Member, Member) {
    let one = bridge.member("2005", Encoding::Pcmu, tones::TRUNK).await;
    let two = bridge.member("2005", Encoding::Pcmu, tones::STATION).await;
    one.wait_until_hears(tones::STATION, SOON).await.unwrap();
    two.wait_until_hears(tones::TRUNK, SOON).await.unwrap();
    (one, two)
}

/// All files below a folder whose names end so.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries
        .flat_map(|path| if path.is_dir() { files(&path, ending) } else { vec![path] })
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    found.sort();
    found
}

/// The only such file, once it is there.
async fn file(folder: &Path, ending: &str) -> PathBuf {
    until(ending, SOON, || files(folder, ending).into_iter().next()).await
}

fn samples(path: &Path) -> Vec<i16> {
    let mut reader = hound::WavReader::open(path).unwrap();
    let told = reader.duration() as usize;
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    assert_eq!(told, samples.len(), "the header is right");
    samples
}

fn time_line(folder: &Path) -> Vec<Value> {
    let path = &files(folder, ".jsonl")[0];
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn assert_both(samples: &[i16]) {
    for voice in [tones::TRUNK, tones::STATION] {
        let level = tone_level_dbov(samples, 8000, voice);
        assert!(level > -25.0, "{voice} Hz at {level} dBov");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tutorials_2005_records_itself() {
    let (bridge, folder) = bridge(&[]).await;
    let (one, two) = two(&bridge).await;
    let path = file(folder.path(), ".wav").await;
    pass(Duration::from_secs(2)).await;
    assert_both(&samples(&path)[4000..]);
    one.hang_up();
    two.hang_up();
    let ended = || time_line(folder.path()).pop().filter(|line| line["what"] == "stop");
    let stop = until("the end of the time line", SOON, ended).await;
    bridge.stop().await;

    let all = samples(&path);
    assert_eq!(stop["sample"].as_u64(), Some(all.len() as u64));
    assert!(all.len().is_multiple_of(FRAME) && all.len() > 2 * 8000, "{} samples", all.len());
    let below = path.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned();
    let shape: String = below.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    assert_eq!(shape, "9999/99/99/recorded_99999999999999.wav");
    let lines = time_line(folder.path());
    let told: Vec<&str> = lines.iter().filter_map(|line| line["what"].as_str()).collect();
    assert_eq!((told[0], told[1]), ("start", "present"));
    for what in ["join", "talk", "leave"] {
        assert!(told.contains(&what), "{what} is not in {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tracks_add_up_to_the_mix_and_who_comes_later_is_told() {
    let (bridge, folder) =
        bridge(&["profiles.recorded.recording-tracks=true", "profiles.recorded.comfort-noise=false"]).await;
    let (one, two) = two(&bridge).await;
    pass(Duration::from_secs(2)).await;
    one.hang_up();
    two.hang_up();
    let ended = || time_line(folder.path()).pop().filter(|line| line["what"] == "stop");
    until("the end of the time line", SOON, ended).await;
    bridge.stop().await;

    let named = time_line(folder.path())[0]["file"].as_str().unwrap().to_owned();
    let place = file(folder.path(), &named).await;
    let mix = samples(&place);
    let mut sum = vec![0i32; mix.len()];
    let mut voices = 0;
    for line in time_line(folder.path()).iter().filter(|line| line["what"] == "track") {
        let track = samples(&place.with_file_name(line["file"].as_str().unwrap()));
        let start = line["sample"].as_u64().unwrap() as usize;
        voices += usize::from(line["leg"].is_u64());
        sum[start..].iter_mut().zip(&track).for_each(|(sum, sample)| *sum += i32::from(*sample));
    }
    assert_eq!(voices, 2);
    let off = sum.iter().zip(&mix).filter(|(sum, mix)| (*sum - i32::from(**mix)).abs() > 1).count();
    assert_eq!(off, 0, "of {} samples", mix.len());
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn opus_and_two_rooms_in_one_second() {
    let (bridge, folder) = bridge(&[
        "profiles.simpleconf.auto-record=%Y/same.opus",
        "profiles.recorded.auto-record=%Y/same.opus",
        "profiles.simpleconf.recording-timeline=false",
    ])
    .await;
    let one = bridge.member("2005", Encoding::Pcmu, tones::TRUNK).await;
    let two = bridge.member("2000", Encoding::Pcmu, tones::STATION).await;
    until("two files", SOON, || (files(folder.path(), ".opus").len() == 2).then_some(())).await;
    pass(Duration::from_secs(1)).await;
    one.hang_up();
    two.hang_up();
    bridge.stop().await;
    let names: Vec<String> = files(folder.path(), ".opus").iter().map(|path| name(path)).collect();
    assert_eq!(names, ["same.opus", "same_2.opus"]);
    for path in files(folder.path(), ".opus") {
        let octets = std::fs::read(&path).unwrap();
        assert!(octets.starts_with(b"OggS") && octets.len() > 3000, "{path:?}: {} octets", octets.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_ends_the_recording_and_not_the_call() {
    let bridge = Bridge::with(&["recording.dir=/proc/nowhere"]).await;
    let (one, two) = two(&bridge).await;
    pass(Duration::from_secs(1)).await;
    for member in [&one, &two] {
        assert!(member.state().ended.is_none());
        assert!(member.stream_report().is_gapless(), "{:?}", member.stream_report());
    }
    bridge.stop().await;
}
