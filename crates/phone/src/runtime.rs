//! The one background thread of all phones of a process.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// Tests often run on a runtime of one thread that they block with arithmetic; the packets must flow all the same,
/// so phones bring a runtime of their own.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("phones")
        .enable_all()
        .build()
        .unwrap_or_else(|error| panic!("no thread for the phones: {error}"))
});

/// The runtime that sockets are made on and tasks run on.
pub(crate) fn handle() -> &'static Handle {
    RUNTIME.handle()
}
