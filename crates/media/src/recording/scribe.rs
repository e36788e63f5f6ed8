//! All recordings being written, in whatever time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::folder::Store;
use super::recorder::RecorderEvent;
use super::reel::{RecordingId, Reel};
use super::session::{RecordingSpec, Session};

/// Headers are made right so often: what is lost if the machine stops is this, a page of Opus, and what is on the reel.
const FLUSH: Duration = Duration::from_millis(400);

/// Counts since the start; read by anybody.
#[derive(Default, Debug)]
pub(super) struct Counters {
    pub(super) started: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) gaps: AtomicU64,
    pub(super) lost_ms: AtomicU64,
}

/// Writes recordings.
pub(super) struct Scribe<F> {
    store: Box<dyn Store>,
    sessions: Vec<Session>,
    flush_due: Option<Instant>,
    counters: Arc<Counters>,
    tell: F,
}

impl<F: FnMut(RecorderEvent)> Scribe<F> {
    pub(super) fn new(store: Box<dyn Store>, counters: Arc<Counters>, tell: F) -> Self {
        Self { store, sessions: Vec::new(), flush_due: None, counters, tell }
    }

    /// Whether there is nothing to write.
    pub(super) fn is_idle(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Begins a recording: from now on the reel is read.
    pub(super) fn begin(&mut self, recording: RecordingId, reel: Reel, spec: RecordingSpec) {
        match Session::begin(recording, reel, spec, &mut *self.store) {
            Ok(session) => {
                count(&self.counters.started, 1);
                let path = self.store.locate(&session.path());
                (self.tell)(RecorderEvent::Started { recording, path });
                self.sessions.push(session);
            }
            Err(error) => self.failed(recording, &error),
        }
    }

    /// Writes what has come.
    pub(super) fn run(&mut self, now: Instant) {
        let flush = self.flush_due.is_none_or(|due| now >= due);
        if flush {
            self.flush_due = Some(now + FLUSH);
        }
        for mut session in std::mem::take(&mut self.sessions) {
            match self.step(&mut session, flush) {
                Ok(()) if !session.is_over() => self.sessions.push(session),
                Ok(()) => self.finish(session),
                Err(error) => self.give_up(session, &error),
            }
        }
    }

    /// Ends all recordings, with what has come.
    pub(super) fn stop(mut self) {
        for mut session in std::mem::take(&mut self.sessions) {
            match self.step(&mut session, false) {
                Ok(()) => self.finish(session),
                Err(error) => self.give_up(session, &error),
            }
        }
    }

    fn step(&mut self, session: &mut Session, flush: bool) -> io::Result<()> {
        let missing = session.advance(&mut *self.store)?;
        if missing > 0 {
            let lost_ms = missing * session.interval_ms();
            count(&self.counters.gaps, 1);
            count(&self.counters.lost_ms, lost_ms);
            (self.tell)(RecorderEvent::Gap { recording: session.id, lost: Duration::from_millis(lost_ms) });
        }
        if !flush {
            return Ok(());
        }
        session.flush(&mut *self.store)?;
        self.store.check_space()
    }

    fn finish(&mut self, session: Session) {
        let recording = session.id;
        match session.finish() {
            Ok(()) => (self.tell)(RecorderEvent::Stopped { recording, error: None }),
            Err(error) => self.failed(recording, &error),
        }
    }

    fn give_up(&mut self, session: Session, error: &io::Error) {
        let recording = session.id;
        session.give_up(error);
        self.failed(recording, error);
    }

    fn failed(&mut self, recording: RecordingId, error: &io::Error) {
        count(&self.counters.failed, 1);
        (self.tell)(RecorderEvent::Stopped { recording, error: Some(error.to_string()) });
    }
}

fn count(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

#[cfg(test)]
mod tests;
