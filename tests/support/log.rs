//! What the servers of this process write into their log.

use std::io::{self, Write};
use std::sync::{LazyLock, Mutex, PoisonError};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::{SOON, until};

/// The log since [`keep`].
static LOG: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(|| {
    let targets = Targets::new().with_default(LevelFilter::INFO).with_target("confab", LevelFilter::DEBUG);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| Kept);
    tracing_subscriber::registry().with(lines).with(targets).init();
    Mutex::default()
});

/// Keeps the log from now on; to be called before a server is started.
pub fn keep() {
    LazyLock::force(&LOG);
}

/// Waits for a line that `wanted` accepts.
///
/// # Panics
/// If none comes.
pub async fn line(what: &str, wanted: impl Fn(&str) -> bool) -> String {
    let found = || text().lines().find(|line| wanted(line)).map(str::to_owned);
    until(&format!("{what} in the log"), SOON, found).await
}

/// The whole log.
pub fn text() -> String {
    String::from_utf8_lossy(&LOG.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
