//! The `confab` binary.

use std::process::ExitCode;

// One thread: signalling is one task anyway, and a wake-up of another thread costs more than a message.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    confab::cli::run().await
}
