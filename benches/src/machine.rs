//! The machine: which core runs what, and what it is.

use std::fs;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

use crate::process::Process;

/// Binds the calling thread, and what it starts from now on, to one core; whether that was possible.
pub(crate) fn pin_here(core: usize) -> bool {
    sched_setaffinity(None, &only(core)).is_ok()
}

/// Binds every thread that a process has now to one core; whether that was possible.
pub(crate) fn pin(process: Process, core: usize) -> bool {
    let threads = process.threads();
    let pinned = |thread: &i32| {
        Pid::from_raw(*thread).is_some_and(|pid| sched_setaffinity(Some(pid), &only(core)).is_ok())
    };
    !threads.is_empty() && threads.iter().all(pinned)
}

/// Lets the calling thread run before all that have no real-time priority; whether that is permitted.
pub(crate) fn come_first() -> bool {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy).is_ok()
}

/// Takes [`come_first`] back.
pub(crate) fn come_last() {
    let ordinary = ThreadSchedulePolicy::Normal(thread_priority::NormalThreadSchedulePolicy::Other);
    // To lower oneself is never refused.
    let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, ordinary);
}

/// Asks for as many open files as may be had.
pub(crate) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // What is refused shows when the sockets are opened.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// The number of cores, the processor and the kernel, in one line.
pub(crate) fn description() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cores = processors.lines().filter(|line| line.starts_with("processor")).count();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.split('-').next().unwrap_or_default().trim();
    let virtual_machine = if processors.contains(" hypervisor") { ", virtual" } else { "" };
    format!(
        "{cores} cores of {}{virtual_machine}, Linux {kernel}",
        model.map_or("an unknown processor", |(_, name)| name)
    )
}

fn only(core: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(core);
    set
}
