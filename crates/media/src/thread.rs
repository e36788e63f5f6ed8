//! The thread of one worker: sleep until something is due, then let the worker do it.

use std::io;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use thread_priority::{
    Error, RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

use crate::worker::Worker;

/// Told that the control side has something to poll.
pub(crate) type Wake = Arc<dyn Fn() + Send + Sync>;

/// What the system allowed a worker's thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Scheduling {
    /// It comes before all threads without real-time priority. Refused without CAP_SYS_NICE or RLIMIT_RTPRIO: then audio is
    /// as punctual as the machine is idle.
    pub real_time: bool,
    /// The core that it stays on, if it does.
    pub core: Option<usize>,
}

/// Starts a worker's thread, which stays on one core if `pin` says so, and tells what it was allowed.
pub(crate) fn spawn(
    index: usize,
    worker: Worker,
    pin: bool,
    wake: Wake,
) -> io::Result<(JoinHandle<()>, Scheduling)> {
    let (tell, told) = mpsc::sync_channel(1);
    let handle = thread::Builder::new().name(format!("media-{index}")).spawn(move || {
        let core = if pin { stay_on_a_core(index) } else { None };
        let _nobody_asks_twice = tell.send(Scheduling { real_time: come_first().is_ok(), core });
        run(worker, &*wake);
    })?;
    Ok((handle, told.recv().unwrap_or_default()))
}

/// Keeps the calling thread on one of the cores that the process may use, another one for each index as far as they reach.
fn stay_on_a_core(index: usize) -> Option<usize> {
    let allowed = sched_getaffinity(Pid::from_raw(0)).ok()?;
    let cores: Vec<usize> =
        (0..CpuSet::count()).filter(|&core| allowed.is_set(core).unwrap_or(false)).collect();
    let core = *cores.get(index % cores.len().max(1))?;
    let mut own = CpuSet::new();
    own.set(core).ok()?;
    sched_setaffinity(Pid::from_raw(0), &own).ok()?;
    Some(core)
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
        worker.note_busy(begun.elapsed());
        if worker.take_unseen() {
            wake();
        }
        if worker.is_abandoned() {
            return worker.stop_all(Instant::now());
        }
        match due {
            // Orders wait still.
            Some(due) if due <= begun => {}
            Some(due) => {
                thread::park_timeout(worker.wakes(due).saturating_duration_since(Instant::now()));
            }
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
