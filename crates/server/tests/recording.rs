//! A server that is killed while it records.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use confab_phone::{Phone, PhoneConfig};

const SOON: Duration = Duration::from_secs(5);

/// The tutorial's server on a free port, recording below `dir`.
fn serve(dir: &Path) -> (Child, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_confab"));
    command.args([
        "serve",
        "--config",
        "config/tutorial.toml",
        "--set",
        "sip.listen=udp:127.0.0.1:0",
        "--set",
    ]);
    command.arg(format!("recording.dir={}", dir.display()));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    let mut child =
        command.env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.by_ref().map(Result::unwrap).find(|line| line.contains("ready on")).unwrap();
    let address = ready.rsplit_once("udp:").unwrap().1.trim().parse().unwrap();
    std::thread::spawn(move || lines.for_each(drop));
    (child, address)
}

fn find(folder: &Path, ending: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    entries.into_iter().find_map(|path| {
        if path.is_dir() { find(&path, ending) } else { path.to_str()?.ends_with(ending).then_some(path) }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_a_second_at_most_and_its_files_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, address) = serve(folder.path());
    let phone = Phone::start(PhoneConfig::new(address, "4155550001").tone(440.0)).await.unwrap();
    let call = phone.call("2005").await.unwrap();
    call.wait_answered(SOON).await.unwrap();
    let last = Instant::now() + SOON;
    let path = loop {
        if let Some(path) = find(folder.path(), ".wav") {
            break path;
        }
        assert!(Instant::now() < last, "nothing is recorded");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_millis(3300)).await;
    child.kill().unwrap();
    let lasted = begun.elapsed();
    child.wait().unwrap();

    let mut reader = hound::WavReader::open(&path).unwrap();
    let told = reader.duration() as usize;
    let there = reader.samples::<i16>().filter(Result::is_ok).count();
    assert_eq!(told, there, "the header is right");
    let octets = std::fs::metadata(&path).unwrap().len() as usize;
    assert!(octets >= 44 + 2 * told, "{octets} octets for {told} samples");
    let lost = lasted.as_secs_f32() - told as f32 / 8000.0;
    assert!(lost < 1.0, "{lost} s of {lasted:?} are lost");
    let time_line = std::fs::read_to_string(find(folder.path(), ".jsonl").unwrap()).unwrap();
    let (whole, _) = time_line.rsplit_once('\n').unwrap();
    for line in whole.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    assert!(whole.contains(r#""what":"present""#), "{whole}");
}
