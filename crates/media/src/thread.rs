//! The thread of one worker: sleep until something is due, then let the worker do it.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::link::count;
use crate::worker::Worker;

/// Told that the control side has something to poll.
pub(crate) type Wake = Arc<dyn Fn() + Send + Sync>;

/// Starts a worker's thread.
pub(crate) fn spawn(index: usize, worker: Worker, wake: Wake) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(format!("media-{index}")).spawn(move || run(worker, &*wake))
}

/// Runs until the control side is gone. A worker without rooms sleeps until it is unparked.
fn run(mut worker: Worker, wake: &(dyn Fn() + Send + Sync)) {
    loop {
        let begun = Instant::now();
        let due = worker.run(begun);
        count(&worker.counters().busy_us, begun.elapsed().as_micros() as u64);
        if worker.take_unseen() {
            wake();
        }
        if worker.is_abandoned() {
            return worker.stop_all(Instant::now());
        }
        match due {
            Some(due) => thread::park_timeout(due.saturating_duration_since(Instant::now())),
            None => thread::park(),
        }
    }
}
