//! The control side's handle on the thread that writes recordings.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::folder::Folder;
use super::reel::{RecordingId, Reel};
use super::scribe::{Counters, Scribe};
use super::session::RecordingSpec;

/// The reels are read so often.
const POLL: Duration = Duration::from_millis(50);

/// At the end the disk may take so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// What happened to a recording.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecorderEvent {
    /// It has its files.
    Started {
        /// Which.
        recording: RecordingId,
        /// The file of the mix.
        path: String,
    },
    /// The disk was too slow, and something is missing: there is as much silence.
    Gap {
        /// Which.
        recording: RecordingId,
        /// How much.
        lost: Duration,
    },
    /// It is over; told once for each recording.
    Stopped {
        /// Which.
        recording: RecordingId,
        /// Why it did not go on to the end of its tape.
        error: Option<String>,
    },
}

/// Counts since the recorder was started.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct RecorderStats {
    /// Recordings that got their files.
    pub started: u64,
    /// Recordings that could not be made, or not to their end.
    pub failed: u64,
    /// Gaps, because the disk was too slow.
    pub gaps: u64,
    /// Length of all gaps, ms.
    pub lost_ms: u64,
}

/// Writes recordings on a thread of its own. Dropping it ends all of them, and waits until their files are complete, unless
/// the disk takes longer than a moment for that.
#[derive(Debug)]
pub struct Recorder {
    orders: Option<Sender<Order>>,
    events: Receiver<RecorderEvent>,
    counters: Arc<Counters>,
}

type Order = (RecordingId, Reel, RecordingSpec);

impl Recorder {
    /// Starts the thread; it writes below `dir` and calls `wake` when [`Recorder::poll_event`] has something. Where less
    /// than `min_free` octets are free, recordings end.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(dir: PathBuf, min_free: u64, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (orders, ordered) = mpsc::channel();
        let (tell, events) = mpsc::channel();
        let counters = Arc::new(Counters::default());
        let tell = move |event| {
            let _nobody_listens_at_the_end = tell.send(event);
            wake();
        };
        let scribe = Scribe::new(Box::new(Folder::new(dir, min_free)), Arc::clone(&counters), tell);
        thread::Builder::new().name("recorder".into()).spawn(move || run(&ordered, scribe))?;
        Ok(Self { orders: Some(orders), events, counters })
    }

    /// Writes what comes from the reel.
    pub fn record(&self, recording: RecordingId, reel: Reel, spec: RecordingSpec) {
        if let Some(orders) = &self.orders {
            let _the_thread_lives_as_long = orders.send((recording, reel, spec));
        }
    }

    /// The next thing that happened, if any.
    pub fn poll_event(&self) -> Option<RecorderEvent> {
        self.events.try_recv().ok()
    }

    /// Counts so far.
    pub fn stats(&self) -> RecorderStats {
        let counters = &*self.counters;
        RecorderStats {
            started: counters.started.load(Ordering::Relaxed),
            failed: counters.failed.load(Ordering::Relaxed),
            gaps: counters.gaps.load(Ordering::Relaxed),
            lost_ms: counters.lost_ms.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.orders.take();
        let last = Instant::now() + PATIENCE;
        // The thread's end of the channel goes with the thread.
        while self.events.recv_timeout(last.saturating_duration_since(Instant::now())).is_ok() {}
    }
}

fn run<F: FnMut(RecorderEvent)>(orders: &Receiver<Order>, mut scribe: Scribe<F>) {
    loop {
        let order = if scribe.is_idle() {
            orders.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            orders.recv_timeout(POLL)
        };
        match order {
            Ok((recording, reel, spec)) => scribe.begin(recording, reel, spec),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return scribe.stop(),
        }
        scribe.run(Instant::now());
    }
}
