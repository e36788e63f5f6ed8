//! The one background thread of all phones of a process.

use std::sync::LazyLock;

use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};
use tokio::runtime::{Builder, Handle, Runtime};

/// Tests often run on a runtime of one thread that they block with arithmetic; the packets must flow all the same,
/// so phones bring a runtime of their own.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("phones")
        .on_thread_start(come_first)
        .enable_all()
        .build()
        .unwrap_or_else(|error| panic!("no thread for the phones: {error}"))
});

/// The runtime that sockets are made on and tasks run on.
pub(crate) fn handle() -> &'static Handle {
    RUNTIME.handle()
}

/// A phone's packets leave in time, also on a busy machine: before all threads without real-time priority. Where that is
/// not allowed it does without.
fn come_first() {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
}
