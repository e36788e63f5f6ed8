//! The thread of one worker: sleep until something is due, then let the worker do it.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use thread_priority::{
    Error, RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

use crate::link::count;
use crate::worker::Worker;

/// Told that the control side has something to poll.
pub(crate) type Wake = Arc<dyn Fn() + Send + Sync>;

/// Starts a worker's thread.
pub(crate) fn spawn(index: usize, worker: Worker, wake: Wake) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(format!("media-{index}")).spawn(move || {
        // Refused without CAP_SYS_NICE or RLIMIT_RTPRIO: then audio is as punctual as the machine is idle.
        let _ = come_first();
        run(worker, &*wake);
    })
}

/// Lets the calling thread run as soon as it is due, before all threads without real-time priority: on a busy machine
/// ticks would else come a hundred milliseconds late. The lowest such priority is enough.
fn come_first() -> Result<(), Error> {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy)
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

#[cfg(test)]
mod tests {
    use thread_priority::thread_schedule_policy;

    use super::*;

    #[test]
    fn a_worker_gets_real_time_priority_where_that_is_allowed() {
        let in_thread = thread::spawn(|| (come_first(), thread_schedule_policy())).join().unwrap();
        let is_real_time = matches!(in_thread.1, Ok(ThreadSchedulePolicy::Realtime(_)));
        assert_eq!(is_real_time, in_thread.0.is_ok(), "{in_thread:?}");
    }
}
