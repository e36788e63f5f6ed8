//! A room with its sockets: it reads them before a tick and sends after it.

use std::time::Instant;

use confab_audio::{Channel, Leg, LegId, Outbox, Room, StreamChange};

use crate::command::Event;
use crate::link::Port;
use crate::order::{Retired, What};
use crate::ports::{SocketPair, canonical, reachable};
use crate::recording::{TapeId, Tapes};
use crate::turn::Turn;

/// Datagrams that one tick reads from one socket: 200 ms of 10 ms packets and some, but no flood.
const READ_BUDGET: usize = 32;

/// RTCP comes every few seconds and is stamped when it does: it is looked for only in each so-manieth tick.
const TICKS_PER_REPORT: usize = 25;

/// A leg and its sockets, on the way to its room.
pub(crate) struct Line {
    pub(crate) leg: Box<Leg>,
    pub(crate) sockets: SocketPair,
}

/// A room and the sockets of its legs, in the same order.
pub(crate) struct LiveRoom {
    pub(crate) room: Room,
    sockets: Vec<SocketPair>,
    ticks: usize,
    tapes: Tapes,
    #[cfg(test)]
    pub(crate) panics: bool,
}

impl LiveRoom {
    /// Around an empty room.
    pub(crate) fn new(room: Room) -> Self {
        Self {
            room,
            sockets: Vec::new(),
            ticks: 0,
            tapes: Tapes::default(),
            #[cfg(test)]
            panics: false,
        }
    }

    /// Takes a leg in that is never to be ticked.
    pub(crate) fn shelve(&mut self, line: Line) {
        self.sockets.push(line.sockets);
        self.room.shelve(line.leg);
    }

    /// Takes a leg out of the mix.
    pub(crate) fn leave(&mut self, leg: LegId, port: &mut Port) {
        self.room.leave(leg, &mut |event| port.tell(event));
        self.end_tape(TapeId::Name(leg), port);
        self.retire(port);
    }

    /// Lets a leg go on to another room, with its sockets.
    pub(crate) fn release(&mut self, leg: LegId) -> Option<Line> {
        let index = self.room.index_of(leg)?;
        let leg = self.room.release(leg)?;
        Some(Line { leg, sockets: self.sockets.swap_remove(index) })
    }

    /// Takes a leg in that comes from another room.
    pub(crate) fn take_over(&mut self, line: Line, change: &mut StreamChange, turn: &mut Turn<'_>) {
        self.sockets.push(line.sockets);
        self.room.take_over(line.leg, turn.now, change);
        self.room.reserve(turn.outbox);
    }

    /// Says goodbye to a leg's peer, closes its sockets and hands the leg back.
    pub(crate) fn stop(&mut self, leg: LegId, turn: &mut Turn<'_>) {
        let Some(index) = self.room.index_of(leg) else { return };
        let Some(leg) = self.room.stop(leg, turn.now, turn.outbox) else { return };
        for datagram in turn.outbox.datagrams() {
            let _a_goodbye_may_be_lost = transmit(&self.sockets, &datagram);
        }
        turn.outbox.clear();
        drop(self.sockets.swap_remove(index));
        turn.port.tell(confab_audio::Event::LegStats {
            leg: leg.id(),
            stats: leg.stats(),
            quality: leg.quality(),
        });
        turn.port.retire(Retired::Leg(leg));
    }

    /// Says goodbye to all peers.
    pub(crate) fn stop_all(&mut self, now: Instant, outbox: &mut Outbox) {
        self.room.stop_all(now, outbox);
        self.send(outbox);
    }

    /// Does what a running room can be told.
    pub(crate) fn handle(&mut self, what: What, turn: &mut Turn<'_>) {
        match what {
            What::Start(line) => self.start(line, turn.outbox),
            What::Update(leg, mut change) => {
                self.room.update(leg, turn.now, &mut change);
                self.room.reserve(turn.outbox);
                turn.port.retire(Retired::Stream(change));
            }
            What::Retune(mut retuned) => {
                self.room.retune(&mut retuned);
                turn.port.retire(Retired::Retuned(retuned));
            }
            What::Set(leg, control) => self.room.set(leg, control),
            What::Hold(leg, on) => self.room.hold(leg, on, turn.now),
            What::Ease(relief) => self.room.ease(relief),
            What::Play(leg, playback) => {
                if let Some(playback) = self.room.play(leg, playback) {
                    turn.port.retire(Retired::Playback(playback));
                }
            }
            What::StopPlayback(playback) => self.room.stop_playback(playback),
            What::SendDigit(leg, digit) => _ = self.room.send_digit(leg, digit),
            What::Levels => self.room.tell_levels(&mut |event| turn.port.tell(event)),
            What::Record(id, tape) => self.tapes.begin(id, tape),
            What::PauseTape(id, on) => self.tapes.pause(id, on),
            What::Mark(id, line) => {
                if let Some(line) = self.tapes.mark(id, line) {
                    turn.port.retire(Retired::Mark(line));
                }
            }
            What::EndTape(id) => self.end_tape(id, turn.port),
            What::Open { .. } | What::Close | What::Stop(_) | What::HandOver(..) | What::TakeOver(_) => {}
        }
    }

    /// Reads what came, mixes one frame, and sends each leg what it hears. The tick was due at `due`.
    pub(crate) fn tick(&mut self, due: Instant, turn: &mut Turn<'_>) {
        #[cfg(test)]
        assert!(!self.panics, "a room panics, as the test wants");
        self.ticks = self.ticks.wrapping_add(1);
        for leg in 0..self.sockets.len() {
            self.read(leg, Channel::Rtp, turn);
            if leg.wrapping_add(self.ticks).is_multiple_of(TICKS_PER_REPORT) {
                self.read(leg, Channel::Rtcp, turn);
            }
        }
        let port = &mut *turn.port;
        self.room.tick(due, turn.now, turn.outbox, &mut |event| port.tell(event));
        self.record(turn.port);
        self.retire(turn.port);
        self.send(turn.outbox);
    }

    /// A tick is left out: media time passes all the same.
    pub(crate) fn skip(&mut self) {
        self.room.skip();
        self.tapes.skip();
    }

    fn record(&mut self, port: &mut Port) {
        self.tapes.take(&mut self.room);
        while let Some(over) = self.tapes.over() {
            self.end_tape(over, port);
        }
    }

    fn end_tape(&mut self, id: TapeId, port: &mut Port) {
        let Some(tape) = self.tapes.end(id) else { return };
        port.retire(Retired::Tape(tape));
        if let TapeId::Name(leg) = id {
            port.emit(Event::NameRecorded { leg });
        }
    }

    fn start(&mut self, line: Line, outbox: &mut Outbox) {
        self.sockets.push(line.sockets);
        self.room.start(line.leg);
        self.room.reserve(outbox);
    }

    /// Reads a socket until it is empty, the budget is used up, or the packet that was due is there: to see that a socket
    /// is empty costs a third of what a packet costs.
    fn read(&mut self, leg: usize, channel: Channel, turn: &mut Turn<'_>) {
        let socket = self.sockets[leg].channel(channel);
        for _ in 0..READ_BUDGET {
            let Some(arrived) = turn.receiver.receive(socket, turn.now, turn.wall) else { return };
            let source = canonical(arrived.source);
            if let Some(event) = self.room.receive(leg, arrived.at, channel, source, arrived.octets) {
                turn.port.tell(event);
            }
            if channel == Channel::Rtp && !self.room.expects_more(leg, turn.now) {
                return;
            }
        }
        self.room.count_over_budget(leg);
    }

    /// The one place where a tick sends; a batched system call would go here.
    fn send(&mut self, outbox: &mut Outbox) {
        for datagram in outbox.datagrams() {
            if !transmit(&self.sockets, &datagram) {
                self.room.count_send_failure(datagram.leg);
            }
        }
        outbox.clear();
    }

    fn retire(&mut self, port: &mut Port) {
        self.room.retired().for_each(|playback| port.retire(Retired::Playback(playback)));
    }
}

/// Sends one datagram now; whether the socket took it.
fn transmit(sockets: &[SocketPair], datagram: &confab_audio::Datagram<'_>) -> bool {
    sockets.get(datagram.leg).is_some_and(|sockets| {
        let to = reachable(datagram.to, sockets.is_v6());
        sockets.channel(datagram.channel).send_to(datagram.octets, to).is_ok()
    })
}
