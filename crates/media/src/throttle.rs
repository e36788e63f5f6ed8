//! What the kernel leaves to threads of real-time priority.

use std::fs;

/// Where it says so: µs of each period that all real-time threads of a core may use (sched(7)); -1 for all.
const RUNTIME: &str = "/proc/sys/kernel/sched_rt_runtime_us";
const PERIOD: &str = "/proc/sys/kernel/sched_rt_period_us";

/// The share that is kept away from that: work comes in lumps, machines that are shared are slower at times, and who reaches
/// it is stopped for what is left of the second, which is heard.
const MARGIN: f32 = 0.1;

/// The share of a core that a worker of real-time priority can use without being stopped, 0 to 1. Newer kernels count
/// otherwise, by a server that gives other threads what is missing of their share, but keep these numbers.
pub(crate) fn usable_share() -> f32 {
    match [RUNTIME, PERIOD].map(number) {
        [Some(runtime), Some(period)] => usable(runtime, period),
        _ => 1.0,
    }
}

fn usable(runtime_us: f32, period_us: f32) -> f32 {
    let is_throttled = (0.0..period_us).contains(&runtime_us);
    if is_throttled { (runtime_us / period_us - MARGIN).max(0.0) } else { 1.0 }
}

fn number(path: &str) -> Option<f32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_stays_clear_of_where_it_would_be_stopped() {
        let table = [(950_000.0, 0.85), (-1.0, 1.0), (1_000_000.0, 1.0), (500_000.0, 0.4), (0.0, 0.0)];
        for (runtime_us, share) in table {
            assert!((usable(runtime_us, 1_000_000.0) - share).abs() < 1e-6, "{runtime_us}");
        }
    }
}
