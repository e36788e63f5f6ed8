//! An external program that speaks texts.
//!
//! It is started once for a text, without a shell, at most [`AT_ONCE`] at a time, and stopped with all that it has
//! started when it takes too long.

use std::path::Path;
use std::process::Stdio;

use confab_config::SayConfig;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::SoundError;

/// Programs that run at one time; other texts wait.
const AT_ONCE: usize = 2;
/// The longest text, characters; what is beyond is left out.
const LONGEST_TEXT: usize = 1000;
/// The largest file that is taken from the program.
const LARGEST_FILE: u64 = 16 << 20;
/// The built-in sounds' language: that of who has none.
const LANGUAGE: &str = "en";

#[derive(Debug)]
pub(crate) struct Speaker {
    config: Option<SayConfig>,
    turns: Semaphore,
}

impl Speaker {
    pub(crate) fn new(config: Option<SayConfig>) -> Self {
        Self { config, turns: Semaphore::new(AT_ONCE) }
    }

    /// Whether there is a program.
    pub(super) fn can_speak(&self) -> bool {
        self.config.is_some()
    }

    /// A file with the spoken text.
    pub(super) async fn speak(&self, text: &str, language: &str) -> Result<Vec<u8>, SoundError> {
        let Some(config) = &self.config else { return Err(SoundError::Speechless(format!("say:{text}"))) };
        let failed = |why: String| SoundError::NotSaid {
            text: text.to_owned(),
            program: config.command.first().cloned().unwrap_or_default(),
            why,
        };
        let turn = self.turns.acquire().await;
        let spoken = timeout(config.timeout, run(config, &clean(text), language)).await;
        drop(turn);
        let late = || failed(format!("took longer than {} s", config.timeout.as_secs_f32()));
        spoken.map_err(|_| late())?.map_err(failed)
    }
}

/// A program and what it has started: killed when dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        // There is an error if nobody is left.
        self.0.into_iter().for_each(|group| _ = killpg(group, Signal::SIGKILL));
    }
}

/// The program is killed when this future is dropped.
async fn run(config: &SayConfig, text: &str, language: &str) -> Result<Vec<u8>, String> {
    let language = if language.is_empty() { LANGUAGE } else { language };
    if !config.command.iter().any(|argument| argument.contains("{file}")) {
        return output_of(&arguments(config, text, language, "")).await;
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("spoken.wav");
    output_of(&arguments(config, text, language, &file.to_string_lossy())).await?;
    read(&file).await
}

/// What the program writes, if it ends well.
async fn output_of(arguments: &[String]) -> Result<Vec<u8>, String> {
    let Some((program, arguments)) = arguments.split_first() else { return Err("no program".into()) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.process_group(0).kill_on_drop(true).spawn().map_err(|error| error.to_string())?;
    // As long as nobody has waited for the child its number is nobody else's.
    let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw));
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let mut stdout = stdout.take(LARGEST_FILE);
        stdout.read_to_end(&mut output).await.map_err(|error| error.to_string())?;
    }
    let status = child.wait().await.map_err(|error| error.to_string())?;
    group.0 = None;
    if status.success() { Ok(output) } else { Err(status.to_string()) }
}

async fn read(file: &Path) -> Result<Vec<u8>, String> {
    let mut output = Vec::new();
    let file = tokio::fs::File::open(file).await.map_err(|error| format!("wrote no file: {error}"))?;
    file.take(LARGEST_FILE).read_to_end(&mut output).await.map_err(|error| error.to_string())?;
    Ok(output)
}

/// The text comes last: what looks like a place in it is spoken.
fn arguments(config: &SayConfig, text: &str, language: &str, file: &str) -> Vec<String> {
    let places =
        [("{voice}", config.voice.as_str()), ("{language}", language), ("{file}", file), ("{text}", text)];
    let fill = |argument: &String| {
        places.iter().fold(argument.clone(), |filled, (place, value)| filled.replace(place, value))
    };
    config.command.iter().map(fill).collect()
}

/// A text may come from outside: it must not be taken for an option, and no character of it controls anything.
fn clean(text: &str) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let text: String = visible.take(LONGEST_TEXT).collect();
    if text.starts_with('-') { format!(" {text}") } else { text }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn speaker(command: &[&str], timeout_ms: u64) -> Speaker {
        Speaker::new(Some(SayConfig {
            command: command.iter().map(|argument| (*argument).to_owned()).collect(),
            voice: "v1".into(),
            timeout: Duration::from_millis(timeout_ms),
        }))
    }

    async fn fails(command: &[&str], timeout_ms: u64) -> String {
        speaker(command, timeout_ms).speak("x", "").await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn the_text_is_one_argument_and_no_shell_sees_it() {
        let echo = ["printf", "%s|", "{voice}", "{language}", "a {text}"];
        let spoken = speaker(&echo, 5000).speak("-n $(id) {voice}\n'", "de").await.unwrap();
        assert_eq!(String::from_utf8(spoken).unwrap(), "v1|de|a  -n $(id) {voice} '|");
        let spoken = speaker(&["printf", "%s", "{language}{text}"], 5000).speak(&"x".repeat(5000), "").await;
        assert_eq!(spoken.unwrap().len(), 2 + LONGEST_TEXT);
    }

    #[tokio::test]
    async fn a_program_may_write_a_file() {
        let spoken =
            speaker(&["sh", "-c", "printf %s \"$1\" > \"$2\"; echo noise", "-", "{text}", "{file}"], 5000);
        assert_eq!(spoken.speak("hello", "").await.unwrap(), b"hello");
        assert!(fails(&["true", "{file}", "{text}"], 5000).await.contains("wrote no file"));
    }

    #[tokio::test]
    async fn what_went_wrong_is_told() {
        assert!(fails(&["false", "{text}"], 5000).await.starts_with("say:x: false: exit status: 1"));
        assert!(fails(&["/no/such/program", "{text}"], 5000).await.contains("No such file"));
        let begun = Instant::now();
        let slow = speaker(&["sleep", "{text}"], 100).speak("60", "").await.unwrap_err();
        assert_eq!(slow.to_string(), "say:60: sleep: took longer than 0.1 s");
        assert!(begun.elapsed() < Duration::from_secs(5));
        let file = tempfile::NamedTempFile::new().unwrap();
        let script = "sleep 60 & echo $! > $1; wait";
        fails(&["sh", "-c", script, "{text}", &file.path().to_string_lossy()], 300).await;
        let sleeper = std::fs::read_to_string(file.path()).unwrap();
        let stat = || std::fs::read_to_string(format!("/proc/{}/stat", sleeper.trim()));
        while stat().is_ok_and(|stat| !stat.contains(") Z ")) {
            assert!(begun.elapsed() < Duration::from_secs(5), "what it has started goes on");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mute = Speaker::new(None).speak("x", "").await.unwrap_err();
        assert_eq!(mute.to_string(), "say:x: nothing speaks; set say.command");
    }
}
