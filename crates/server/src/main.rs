//! The `confab` binary.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    confab::cli::run().await
}
