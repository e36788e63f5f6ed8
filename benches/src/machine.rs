//! The machine: which core runs what, and what it is.

use std::fs;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

use crate::process::Process;

/// Open files for which there is room from the start.
const MOST_FILES: u64 = 1 << 16;

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

/// Asks for as many open files as may be had, and makes room for them at once: the kernel stops a process of several
/// threads for milliseconds each time that its table of files grows.
pub(crate) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    // What is refused, here and below, shows when the sockets are opened.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    let highest = limit.maximum.map_or(MOST_FILES, |most| most.min(MOST_FILES)) - 1;
    let _ = rustix::io::fcntl_dupfd_cloexec(std::io::stdin(), highest as i32);
}

/// The processor, its caches, memory, the kernel and what it does against attacks on the processor, a line each.
pub(crate) fn description() -> Vec<String> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let cores = processors.lines().filter(|line| line.starts_with("processor")).count();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let virtual_machine = if processors.contains(" hypervisor") { ", virtual" } else { "" };
    let memory = read("/proc/meminfo").split_whitespace().nth(1).and_then(|kib| kib.parse().ok());
    vec![
        format!(
            "{cores} cores of {}{virtual_machine}; caches {}",
            model.map_or("an unknown processor", |(_, name)| name),
            caches().join(", ")
        ),
        format!("{:.1} GiB of memory", memory.unwrap_or(0.0) / f64::from(1 << 20)),
        format!("Linux {}", read("/proc/sys/kernel/osrelease").split('-').next().unwrap_or_default().trim()),
        format!("mitigations: {}", mitigations().join("; ")),
    ]
}

/// Level and size of each cache of the first core.
fn caches() -> Vec<String> {
    let of = |index: u32, what: &str| {
        fs::read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{what}")).ok()
    };
    let cache = |index| {
        let (level, kind, size) = (of(index, "level")?, of(index, "type")?, of(index, "size")?);
        let kind = if kind.starts_with("Unified") { "" } else { &kind[..1] };
        Some(format!("L{}{} {}", level.trim(), kind.to_lowercase(), size.trim()))
    };
    (0..8).map_while(cache).collect()
}

/// What the kernel does against each weakness that the processor has.
fn mitigations() -> Vec<String> {
    let folder = fs::read_dir("/sys/devices/system/cpu/vulnerabilities").into_iter().flatten().flatten();
    let told = folder.filter_map(|entry| {
        let state = fs::read_to_string(entry.path()).ok()?;
        let name = entry.file_name().into_string().ok()?;
        (state.trim() != "Not affected").then(|| format!("{name} ({})", state.trim().replace("; ", ", ")))
    });
    let mut told: Vec<String> = told.collect();
    told.sort();
    told
}

fn only(core: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(core);
    set
}
