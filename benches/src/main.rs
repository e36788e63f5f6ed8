//! The `confab-bench` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    confab_bench::cli::run()
}
