//! What the operator sees and types.

use std::io::BufRead;
use std::time::Instant;

use tokio::sync::mpsc;

/// Prints lines with the time since the start.
#[derive(Clone, Debug)]
pub(super) struct Console {
    start: Instant,
    name: Option<String>,
}

impl Console {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), name: None }
    }

    /// A console whose lines tell which of several calls they are about.
    pub(super) fn named(&self, name: &str) -> Self {
        Self { name: Some(name.into()), ..self.clone() }
    }

    pub(super) fn say(&self, text: &str) {
        self.say_at(Instant::now(), text);
    }

    /// Something that happened at `at`.
    pub(super) fn say_at(&self, at: Instant, text: &str) {
        let seconds = at.saturating_duration_since(self.start).as_secs_f64();
        match &self.name {
            Some(name) => println!("{seconds:9.3}  {name}: {text}"),
            None => println!("{seconds:9.3}  {text}"),
        }
    }
}

/// The lines that are typed. The thread that reads them ends with the process, since nothing can interrupt it.
pub(super) fn keyboard() -> mpsc::UnboundedReceiver<String> {
    let (typed, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let input = std::io::stdin().lock().lines();
        input.map_while(Result::ok).try_for_each(|line| typed.send(line))
    });
    lines
}

/// Where nobody types.
pub(super) fn no_keyboard() -> mpsc::UnboundedReceiver<String> {
    mpsc::unbounded_channel().1
}
