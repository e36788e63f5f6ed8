//! The `confab` binary.

use std::process::ExitCode;

use tokio::runtime::Builder;

fn main() -> ExitCode {
    // One thread: signalling is one task anyway, and a wake-up of another thread costs more than a message.
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("confab: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(confab::cli::run());
    // What is still asked or loaded in threads beside it holds up nobody.
    runtime.shutdown_background();
    code
}
