//! The `confab` program as other programs use it: exit codes, what it prints, signals.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn confab(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_confab"));
    command.args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    command.env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = confab(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A server on a free port, and the lines it has logged up to `ready` and the table of numbers.
fn serve(overrides: &[&str]) -> (Child, Vec<String>, BufReader<ChildStdout>) {
    serve_of(&["--config", "config/tutorial.toml"], overrides)
}

fn serve_of(config: &[&str], overrides: &[&str]) -> (Child, Vec<String>, BufReader<ChildStdout>) {
    let mut arguments = vec!["serve"];
    arguments.extend(config);
    arguments.extend(["--set", "sip.listen=[\"udp:127.0.0.1:0\"]"]);
    arguments.extend(overrides);
    let mut child = confab(&arguments).spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut lines = Vec::new();
    while !lines.iter().any(|line: &String| line.contains("2003")) {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "ended after {lines:?}");
        lines.push(line);
    }
    (child, lines, reader)
}

fn terminate(mut child: Child) -> (Option<i32>, Duration) {
    let asked = Instant::now();
    // The shell's own `kill`: the program of that name is missing on a small system.
    Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).status().unwrap();
    let status = child.wait().unwrap();
    (status.code(), asked.elapsed())
}

#[test]
fn version_and_help() {
    let (code, out, _) = run(&["--version"]);
    assert_eq!((code, out.as_str()), (0, concat!("confab ", env!("CARGO_PKG_VERSION"), "\n")));
    for command in [&["--help"][..], &["serve", "--help"], &["phone", "--help"]] {
        let (code, out, _) = run(command);
        assert_eq!(code, 0);
        assert!(out.contains("Examples:"), "{command:?}: {out}");
    }
}

#[test]
fn check_says_what_it_understood() {
    let (code, out, err) = run(&["check", "--config", "config/tutorial.toml"]);
    assert_eq!((code, err.as_str()), (0, ""));
    for word in ["5080", "1001", "mygw", "simpleconf", "2000", "2001", "2002", "2003"] {
        assert!(out.contains(word), "{word} is not in:\n{out}");
    }
    assert!(!out.contains("1234") && !out.contains("7536"), "secrets stay secret:\n{out}");
}

#[test]
fn check_names_every_error_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.toml");
    std::fs::write(
        &file,
        "[sip]\nlisten = [\"udp:127.0.0.1:5080\"]\nlisen = 1\n\n[media]\nports = \"9-1\"\n",
    )
    .unwrap();
    let (code, _, err) = run(&["check", "--config", file.to_str().unwrap()]);
    assert_eq!(code, 2);
    assert!(err.contains("broken.toml:3:1") && err.contains("lisen") && err.contains("listen"), "{err}");
    assert!(err.contains("broken.toml:6:") && err.contains("ports"), "{err}");
    let (code, _, again) = run(&["serve", "--config", file.to_str().unwrap()]);
    assert_eq!((code, again), (2, err), "serve refuses in the same words");
}

#[test]
fn names_writes_the_page_in_the_docs() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/names.md");
    assert_eq!(run(&["names"]), (0, std::fs::read_to_string(page).unwrap(), String::new()));
}

#[test]
fn a_freeswitch_is_imported_checked_and_served() {
    let (code, toml, notes) = run(&["import", "freeswitch", "crates/config/tests/freeswitch/seed"]);
    assert_eq!(code, 0, "{notes}");
    let mistake = "autoload_configs/conference.conf.xml:44: mistake: there is no param `vidio-fps`";
    assert!(notes.lines().any(|note| note.starts_with(mistake)), "{notes}");
    assert!(notes.lines().all(|note| toml.contains(&format!("# - {note}\n"))), "{notes}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("imported.toml");
    std::fs::write(&file, toml).unwrap();
    let config = ["--config", file.to_str().unwrap()];
    let (code, out, err) = run(&[&["check"], &config[..]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("2002  room 1004"), "{out}");
    let (child, lines, _reader) = serve_of(&config, &["--set", "media.ports=21100-21199"]);
    assert!(lines.iter().any(|line| line.contains("ready on udp:127.0.0.1:")), "{lines:#?}");
    assert_eq!(terminate(child).0, Some(0));
}

#[test]
fn a_folder_without_a_freeswitch_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = run(&["import", "freeswitch", folder.path().to_str().unwrap()]);
    assert_eq!((code, out.as_str(), err.lines().count()), (1, "", 1), "{err}");
    assert!(err.contains("freeswitch.xml"), "{err}");
}

#[test]
fn a_weak_password_is_refused_beyond_loopback() {
    let listen =
        ["check", "--config", "config/tutorial.toml", "--set", "sip.listen=[\"udp:192.0.2.1:5080\"]"];
    let (code, _, err) = run(&listen);
    assert_eq!(code, 2);
    assert!(err.contains("password") && err.contains("allow_weak_passwords"), "{err}");
    let mut allowed = listen.to_vec();
    allowed.extend(["--set", "security.allow_weak_passwords=true"]);
    assert_eq!(run(&allowed).0, 0);
}

#[test]
fn serve_is_ready_and_ends_when_it_is_told_to() {
    let (child, lines, _reader) = serve(&["--set", "media.ports=21000-21099"]);
    let ready = lines.iter().find(|line| line.contains("ready")).expect("a line with `ready`");
    assert!(ready.contains("udp:127.0.0.1:"), "{ready}");
    let (code, took) = terminate(child);
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_port_in_use_is_one_clear_line() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let listen = format!("sip.listen=[\"udp:{address}\"]");
    let (code, _, err) = run(&["serve", "--config", "config/tutorial.toml", "--set", &listen]);
    assert_eq!(code, 1);
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.contains(&address.to_string()) && err.to_lowercase().contains("in use"), "{err}");
}

#[test]
fn a_missing_sound_is_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let dir = format!("sounds.dir={}", folder.path().display());
    let (child, lines, _reader) = serve(&["--set", &dir]);
    let named = |line: &&String| line.contains("conf-music.wav") && line.contains("WARN");
    assert!(lines.iter().any(|line| named(&line)), "{lines:#?}");
    assert_eq!(terminate(child).0, Some(0));
    let (code, _, err) = run(&["check", "--config", "config/tutorial.toml", "--set", &dir]);
    assert_eq!(code, 0);
    assert!(err.contains("warning: ") && err.contains("conf-music.wav"), "{err}");
}
