//! One run: the calls are placed, everything settles, then it is measured, then everybody hangs up.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::bursts::{Bursts, Probe};
use crate::dialling::{Dialling, News};
use crate::machine;
use crate::outcome::{Latency, Outcome, ServerUse};
use crate::plan::{Plan, Quiet};
use crate::process::Process;
use crate::sound::Expected;
use crate::traffic::{Setting, Traffic};
use crate::voice::Voice;
use crate::wire::{Offered, answer, offer};

/// From the last answer to the start of the measurement.
const SETTLE: Duration = Duration::from_secs(2);

/// The longest that unanswered calls and goodbyes are waited for: as long as SIP's own timers try (RFC 3261, timer B).
const PATIENCE: Duration = Duration::from_secs(33);

/// Rooms in which latency is measured at one time.
const PROBES: usize = 100;

/// How often reports are thrown away.
const SWEEP: Duration = Duration::from_secs(1);

/// How often the server's memory is looked at in a run.
const SAMPLES: f64 = 40.0;

/// The keys that callers press.
const KEY: char = '5';

/// A run under way.
pub(crate) struct Load {
    plan: Plan,
    traffic: Traffic,
    dialling: Dialling,
    /// Callers who are to call.
    wanted: VecDeque<usize>,
    up: Vec<bool>,
    place_due: Instant,
    churn: Clockwork,
    keys: Clockwork,
    /// Whose turn it is to leave or to press a key.
    next: usize,
    sweep_due: Instant,
    server: Option<Process>,
    samples: Clockwork,
    /// The server's memory as it goes.
    memory: Vec<u64>,
    /// Somebody who does not talk leaves or presses a key now and then.
    restless: bool,
    /// Who has left is to come again.
    refilling: bool,
}

/// Something that happens so often in a second.
#[derive(Clone, Copy)]
struct Clockwork {
    per_second: f64,
    due: Instant,
}

impl Clockwork {
    fn new(per_second: f64) -> Self {
        Self { per_second, due: Instant::now() }
    }

    /// Whether it is to happen, once more.
    fn strikes(&mut self, now: Instant) -> bool {
        if self.per_second <= 0.0 || now < self.due {
            return false;
        }
        self.due =
            self.due.max(now - Duration::from_secs(1)) + Duration::from_secs_f64(1.0 / self.per_second);
        true
    }
}

/// Runs a plan against the server that listens at its address.
///
/// # Errors
/// When there are no sockets.
pub fn run(plan: &Plan) -> io::Result<Outcome> {
    machine::raise_file_limit();
    plan.cores.own().map(machine::pin_here);
    let first = machine::come_first();
    let outcome = Load::new(plan.clone())?.measure();
    if first {
        machine::come_last();
    }
    outcome
}

impl Load {
    fn new(plan: Plan) -> io::Result<Self> {
        let setting = Setting { codec: plan.codec, ptime_ms: plan.ptime, ears: plan.ears };
        let mut traffic = Traffic::new(plan.bind, plan.callers, setting)?;
        if plan.latency {
            let codec = plan.codec.codec(plan.ptime);
            let bursts = Bursts::new(codec, plan.ptime, plan.callers, &probes(&plan));
            traffic.bursts = Some(bursts.map_err(io::Error::other)?);
        }
        let now = Instant::now();
        Ok(Self {
            dialling: Dialling::new(plan.server, SocketAddr::new(plan.bind, 0))?,
            wanted: (0..plan.callers).collect(),
            up: vec![false; plan.callers],
            place_due: now,
            churn: Clockwork::new(plan.churn),
            keys: Clockwork::new(plan.keys),
            next: 0,
            sweep_due: now,
            server: Process::on_port(plan.server.port()),
            samples: Clockwork::new(SAMPLES / plan.time),
            memory: Vec::new(),
            restless: false,
            refilling: true,
            traffic,
            plan,
        })
    }

    fn measure(mut self) -> io::Result<Outcome> {
        let server = self.server;
        if let (Some(server), Some(core)) = (server, self.plan.cores.server()) {
            machine::pin(server, core);
        }
        let empty = server.map(Process::resident).unwrap_or_default();
        // Before anybody is there: with thousands of sockets the kernel takes 0.2 s to list them.
        let drops = drops(server);
        self.dial_all()?;
        self.expect_all();
        self.run_for(SETTLE)?;
        let before = server.map(Process::usage);
        self.traffic.restart();
        self.restless = true;
        let (start, completed) = (Instant::now(), self.dialling.tally().completed);
        self.run_for(self.plan.time())?;
        let elapsed = start.elapsed();
        let completed = self.dialling.tally().completed - completed;
        let used = server.map(Process::usage);
        self.calm_down()?;
        let call_rate = completed as f64 / elapsed.as_secs_f64();
        let mut outcome = Outcome { call_rate, ..self.outcome() };
        outcome.server = used.zip(before).map(|(after, before)| ServerUse {
            used: after.since(&before),
            elapsed,
            empty,
            dropped: 0,
            memory: std::mem::take(&mut self.memory),
        });
        self.hang_up_all(drops, server, &mut outcome)?;
        Ok(outcome)
    }

    /// Places all calls, and waits until each is answered or has failed.
    fn dial_all(&mut self) -> io::Result<()> {
        self.place_due = Instant::now();
        while !self.wanted.is_empty() {
            self.turn()?;
        }
        let deadline = Instant::now() + PATIENCE;
        while self.dialling.alive() > self.dialling.up() && Instant::now() < deadline {
            self.turn()?;
        }
        Ok(())
    }

    fn run_for(&mut self, time: Duration) -> io::Result<()> {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            self.turn()?;
        }
        Ok(())
    }

    /// Nobody leaves any more, and who has left comes again.
    fn calm_down(&mut self) -> io::Result<()> {
        self.restless = false;
        if self.plan.churn <= 0.0 {
            return Ok(());
        }
        self.run_for(SETTLE / 4)?;
        while !self.wanted.is_empty() {
            self.turn()?;
        }
        self.run_for(SETTLE / 4)
    }

    fn hang_up_all(
        &mut self,
        (own, servers): (u64, u64),
        server: Option<Process>,
        outcome: &mut Outcome,
    ) -> io::Result<()> {
        let drops = drops(server);
        outcome.own_drops = drops.0 - own;
        if let Some(usage) = &mut outcome.server {
            usage.dropped = drops.1.saturating_sub(servers);
        }
        self.refilling = false;
        for caller in 0..self.plan.callers {
            self.dialling.hang_up(caller);
            self.traffic.stop(caller);
            self.run_for(Duration::from_secs_f64(0.5 / self.plan.ramp))?;
        }
        let deadline = Instant::now() + PATIENCE;
        while !self.dialling.is_settled() && Instant::now() < deadline {
            self.turn()?;
        }
        Ok(())
    }

    fn outcome(&self) -> Outcome {
        let bursts = self.traffic.bursts.as_ref();
        Outcome {
            callers: self.plan.callers,
            per_room: self.plan.per_room(),
            talkers: self.plan.talkers,
            codec: self.plan.codec,
            up: self.dialling.up(),
            calls: self.dialling.tally().clone(),
            counts: self.traffic.counts(),
            findings: self.traffic.findings().clone(),
            tally: self.traffic.tally().clone(),
            ticks: self.traffic.ticks().clone(),
            latency: bursts.map(|bursts| Latency { times: bursts.latency().clone(), lost: bursts.lost() }),
            ..Outcome::default()
        }
    }

    /// Everything that is due now, then a rest until something is due again.
    fn turn(&mut self) -> io::Result<()> {
        let now = Instant::now();
        let done = self.traffic.work();
        self.place(now)?;
        self.converse(now)?;
        if self.restless {
            self.disturb(now);
        }
        if now >= self.sweep_due {
            self.sweep_due = now + SWEEP;
            self.traffic.discard_reports();
        }
        if done {
            self.traffic.rest();
        }
        Ok(())
    }

    fn place(&mut self, now: Instant) -> io::Result<()> {
        if self.wanted.is_empty() {
            // Time in which nobody wanted to call is not made up for.
            self.place_due = self.place_due.max(now);
        }
        if now < self.place_due {
            return Ok(());
        }
        let Some(caller) = self.wanted.pop_front() else { return Ok(()) };
        self.place_due += Duration::from_secs_f64(1.0 / self.plan.ramp);
        let number = self.plan.number(caller / self.plan.per_room());
        let local = self.traffic.local(caller)?;
        let Plan { codec, ptime: ptime_ms, level_extension: level, .. } = self.plan;
        let offered = Offered { codec, ptime_ms, level };
        self.dialling.place(caller, &number, offer(offered, local, caller as u64));
        Ok(())
    }

    fn converse(&mut self, now: Instant) -> io::Result<()> {
        let Self { dialling, traffic, plan, up, wanted, refilling, .. } = self;
        dialling.turn(now, |news| match news {
            News::Answered { caller, sdp } => {
                if let Some(peer) = answer(&sdp, plan.codec) {
                    traffic.start(caller, peer, voice(plan, caller));
                    up[caller] = true;
                }
            }
            News::Ended { caller } => {
                traffic.stop(caller);
                if std::mem::take(&mut up[caller]) && *refilling {
                    wanted.push_back(caller);
                }
            }
        });
        Ok(())
    }

    /// Somebody who does not talk leaves, or presses a key; and the memory is looked at.
    fn disturb(&mut self, now: Instant) {
        if self.churn.strikes(now)
            && let Some(caller) = self.next_quiet()
        {
            self.dialling.hang_up(caller);
        }
        if self.keys.strikes(now)
            && let Some(caller) = self.next_quiet()
        {
            self.traffic.press(caller, KEY);
        }
        if self.samples.strikes(now) {
            self.memory.extend(self.server.map(Process::resident));
        }
    }

    /// The next caller who is up, does not talk and need not stay.
    fn next_quiet(&mut self) -> Option<usize> {
        let count = self.plan.callers;
        let found = (self.next..self.next + count)
            .map(|index| index % count)
            .find(|&caller| self.up[caller] && may_leave(&self.plan, caller))?;
        self.next = found + 1;
        Some(found)
    }

    /// Tells everybody's ears whom they should hear: the talkers of the room who are there.
    fn expect_all(&mut self) {
        for caller in 0..self.plan.callers {
            let expected = self.expected(caller);
            self.traffic.expect(caller, expected);
        }
    }

    fn expected(&self, caller: usize) -> Expected {
        let per_room = self.plan.per_room();
        let first = caller / per_room * per_room;
        let talkers = (first..(first + per_room).min(self.plan.callers))
            .filter(|&other| self.up[other] && is_talker(&self.plan, other) && !self.plan.latency);
        let (own, others): (Vec<_>, Vec<_>) = talkers.partition(|&other| other == caller);
        let tone = |talker: usize| tone_of(&self.plan, talker);
        let own = own.first().map(|&own| tone(own));
        Expected { others: others.iter().map(|&other| tone(other)).collect(), talkers: others, own }
    }
}

/// The first members of each room talk.
fn is_talker(plan: &Plan, caller: usize) -> bool {
    caller % plan.per_room() < plan.talkers
}

fn may_leave(plan: &Plan, caller: usize) -> bool {
    caller >= plan.stay && !is_talker(plan, caller)
}

/// The tone of a talker: another one for each in a room, and for each room as long as there are enough.
fn tone_of(plan: &Plan, caller: usize) -> usize {
    caller / plan.per_room() * plan.talkers + caller % plan.per_room()
}

fn voice(plan: &Plan, caller: usize) -> Voice {
    let quiet = match plan.quiet {
        Quiet::Silence => Voice::Silence,
        Quiet::Noise => Voice::Noise,
        Quiet::Dtx => Voice::Dtx,
    };
    if is_talker(plan, caller) && !plan.latency { Voice::Tone(tone_of(plan, caller)) } else { quiet }
}

/// In each room the talkers send bursts in turn, and the last member listens.
fn probes(plan: &Plan) -> Vec<Probe> {
    let per_room = plan.per_room();
    let rooms = (0..plan.callers / per_room).take(PROBES).map(|room| room * per_room);
    let probe = |first: usize| Probe {
        senders: (first..first + plan.talkers.clamp(1, per_room - 1)).collect(),
        listener: first + per_room - 1,
    };
    if per_room < 2 { Vec::new() } else { rooms.map(probe).collect() }
}

/// Datagrams that our sockets and the server's have dropped.
fn drops(server: Option<Process>) -> (u64, u64) {
    (Process::own().dropped(), server.map(Process::dropped).unwrap_or_default())
}
