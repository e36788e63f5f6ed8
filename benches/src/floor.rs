//! The floor: a bare echo of the same packets at the same pace on the same core, one socket for each caller as a server
//! has it. No server can cost less than its socket calls.

use std::fmt;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::machine;
use crate::plan::Plan;
use crate::process::Process;
use crate::sockets::bound;
use crate::traffic::{Setting, Traffic};
use crate::voice::Voice;
use crate::wire::Answer;

/// The name of the echo's thread.
const NAME: &str = "echo";

/// The echo looks at its sockets in so many groups in turn, as a server with rooms at different phases does.
const PHASES: usize = 20;

/// Before the measurement.
const SETTLE: Duration = Duration::from_millis(500);

/// What the bare echo cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    /// Microseconds of a core for a caller in a second.
    pub(crate) cost_us: f64,
    /// Packets that did not come back.
    pub(crate) lost: u64,
    /// Whether the generator was punctual.
    pub(crate) valid: bool,
}

impl Floor {
    /// What two measurements found together.
    pub(crate) fn mean(self, other: Self) -> Self {
        Self {
            cost_us: f64::midpoint(self.cost_us, other.cost_us),
            lost: self.lost + other.lost,
            valid: self.valid && other.valid,
        }
    }

    /// Callers that would fill a core.
    pub(crate) fn callers_per_core(&self) -> f64 {
        1e6 / self.cost_us
    }
}

impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cost_us, lost, valid } = self;
        let doubt = if *valid { "" } else { "; INVALID, we sent late" };
        write!(
            f,
            "{cost_us:.1} us/s a caller: {:.0} callers per core; {lost} lost{doubt}",
            self.callers_per_core()
        )
    }
}

/// Measures the echo with the callers, the codec and the cores of a plan.
///
/// # Errors
/// When there are no sockets.
pub(crate) fn measure(plan: &Plan, time: Duration) -> io::Result<Floor> {
    machine::raise_file_limit();
    plan.cores.own().map(machine::pin_here);
    let first = machine::come_first();
    let floor = echoed(plan, time);
    if first {
        machine::come_last();
    }
    floor
}

fn echoed(plan: &Plan, time: Duration) -> io::Result<Floor> {
    let setting = Setting { codec: plan.codec, ptime_ms: plan.ptime, ears: 0 };
    let mut traffic = Traffic::new(plan.bind, plan.callers, setting)?;
    let echo = Echo::start(plan)?;
    for (caller, remote) in echo.addresses.iter().enumerate() {
        traffic.start(
            caller,
            Answer { remote: *remote, payload_type: plan.codec.payload_type(), level: false },
            Voice::Noise,
        );
    }
    run(&mut traffic, SETTLE);
    let before = echo_time();
    traffic.restart();
    let start = Instant::now();
    run(&mut traffic, time);
    let used = echo_time().saturating_sub(before).as_secs_f64() / start.elapsed().as_secs_f64();
    let valid = traffic.tally().lateness.percentile(99.9) < Duration::from_millis(5);
    Ok(Floor { cost_us: used * 1e6 / plan.callers as f64, lost: traffic.counts().lost, valid })
}

fn run(traffic: &mut Traffic, time: Duration) {
    let deadline = Instant::now() + time;
    while Instant::now() < deadline {
        traffic.turn();
    }
}

fn echo_time() -> Duration {
    Process::own().usage().threads.values().filter(|thread| thread.0 == NAME).map(|thread| thread.1).sum()
}

/// The echo, on a thread of its own until it is dropped.
struct Echo {
    addresses: Vec<SocketAddr>,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Echo {
    fn start(plan: &Plan) -> io::Result<Self> {
        let open = |_| bound(SocketAddr::new(plan.bind, 0));
        let sockets: Vec<UdpSocket> = (0..plan.callers).map(open).collect::<io::Result<_>>()?;
        let addresses = sockets.iter().map(UdpSocket::local_addr).collect::<io::Result<_>>()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, core, ptime) = (Arc::clone(&stop), plan.cores.server(), plan.ptime);
        let work = move || {
            core.map(machine::pin_here);
            machine::come_first();
            echo(&sockets, Duration::from_millis(ptime.into()), &stopped);
        };
        let thread = thread::Builder::new().name(NAME.into()).spawn(work)?;
        Ok(Self { addresses, stop, thread: Some(thread) })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

/// One receive and one send for each packet, and nothing else.
fn echo(sockets: &[UdpSocket], ptime: Duration, stop: &AtomicBool) {
    let (step, mut due, mut buffer) = (ptime / PHASES as u32, Instant::now(), [0; 2048]);
    let group = sockets.len().div_ceil(PHASES).max(1);
    while !stop.load(Ordering::Relaxed) {
        for sockets in sockets.chunks(group) {
            due += step;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            for socket in sockets {
                if let Ok((length, from)) = socket.recv_from(&mut buffer) {
                    let _ = socket.send_to(&buffer[..length], from);
                }
            }
        }
    }
}
