//! A room with its sockets: it reads them before a tick and sends after it.

use std::ops::Range;
use std::time::Instant;

use confab_audio::{Channel, Datagram, Leg, LegId, Outbox, Room, StreamChange, Tick};
use confab_fetch::{fetch, fetch_all};

use crate::command::{Event, RoomId};
use crate::link::{Port, count};
use crate::order::{Retired, What};
use crate::ports::SocketPair;
use crate::receive::{Arrived, BATCH};
use crate::recording::{TapeId, Tapes};
use crate::turn::Turn;

/// Datagrams that one tick reads from one socket: 200 ms of 10 ms packets and some, but no flood.
const READ_BUDGET: usize = 32;

/// RTCP comes every few seconds and is stamped when it does: it is looked for only in each so-manieth tick, and so is whether
/// a leg's peer has settled.
const TICKS_PER_LOOK: usize = 25;

/// A leg and its sockets, on the way to its room.
pub(crate) struct Line {
    pub(crate) leg: Box<Leg>,
    pub(crate) sockets: SocketPair,
}

/// A room and the sockets of its legs, in the same order.
pub(crate) struct LiveRoom {
    pub(crate) room: Room,
    id: RoomId,
    /// What the room's [`Room::feeds_short`] was when it was looked at last.
    feeds_short: u64,
    sockets: Vec<SocketPair>,
    ticks: usize,
    tapes: Tapes,
    #[cfg(test)]
    pub(crate) panics: bool,
}

impl LiveRoom {
    /// Around an empty room.
    pub(crate) fn new(id: RoomId, room: Room) -> Self {
        Self {
            room,
            id,
            feeds_short: 0,
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
        self.reserve(turn);
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
        self.send(outbox.datagrams());
        outbox.clear();
    }

    /// Does what a running room can be told.
    pub(crate) fn handle(&mut self, what: What, turn: &mut Turn<'_>) {
        match what {
            What::Start(line) => self.start(line, turn),
            What::Update(leg, mut change) => {
                self.listen_to_all(leg);
                self.room.update(leg, turn.now, &mut change);
                self.reserve(turn);
                turn.port.retire(Retired::Stream(change));
            }
            What::Retune(mut retuned) => {
                self.room.retune(&mut retuned);
                turn.port.retire(Retired::Retuned(retuned));
            }
            What::Lend(mut feeds) => {
                self.room.lend(&mut feeds);
                turn.port.retire(Retired::Feeds(feeds));
            }
            What::Equip(finder) => {
                if let Some(finder) = self.room.equip(finder) {
                    turn.port.retire(Retired::Finder(finder));
                }
            }
            What::Set(leg, control) => self.room.set(leg, control),
            What::Hold(leg, on) => self.room.hold(leg, on, turn.now),
            What::Ease(relief) => self.room.ease(relief),
            What::Play(leg, playback) => {
                if let Some(playback) = self.room.play(leg, playback) {
                    turn.port.retire(Retired::Playback(playback));
                }
                self.reserve(turn);
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

    /// Fetches what a tick touches of the room itself.
    pub(crate) fn fetch(&self) {
        fetch(&self.sockets);
        fetch(&self.ticks);
        self.room.fetch();
    }

    /// Once that is there: what it points to.
    pub(crate) fn fetch_rest(&self) {
        fetch_all(&self.sockets);
        self.room.fetch_rest();
    }

    /// Begins a tick, the parts of which follow: [`LiveRoom::gather`] and [`LiveRoom::receive`], then [`LiveRoom::pull`],
    /// then [`LiveRoom::write`] and [`LiveRoom::send`], each for all legs.
    pub(crate) fn begin(&mut self, tick: Tick) {
        #[cfg(test)]
        assert!(!self.panics, "a room panics, as the test wants");
        self.ticks = self.ticks.wrapping_add(1);
        self.room.begin(tick);
    }

    /// Reads the packets that are due on the sockets of these legs; where in the receiver they are.
    pub(crate) fn gather(&self, legs: Range<usize>, turn: &mut Turn<'_>) -> Range<usize> {
        let sockets = legs.map(|leg| {
            // It comes while the kernel is at work.
            self.room.fetch_leg(leg);
            (leg, self.sockets[leg].channel(Channel::Rtp))
        });
        turn.receiver.gather(sockets, turn.now, turn.wall)
    }

    /// Once these legs are there: what they point to, and what sending touches of them.
    pub(crate) fn fetch_rest_of(&self, legs: Range<usize>) {
        self.room.fetch_rest_of(legs.clone());
        self.room.fetch_to_send(legs);
    }

    /// Takes what was gathered for these legs, and what else there may be. A late tick leaves in the sockets what a punctual one
    /// would not have found there: the ticks that follow it at once need that, and jitter buffers need not hold it until then.
    pub(crate) fn receive(
        &mut self,
        tick: Tick,
        legs: Range<usize>,
        gathered: Range<usize>,
        turn: &mut Turn<'_>,
    ) {
        let mut more = [false; BATCH];
        for (leg, arrived) in turn.receiver.gathered(gathered) {
            take(&mut self.room, leg, Channel::Rtp, arrived, turn.port);
            more[leg - legs.start] = self.room.expects_more(leg, tick.due);
        }
        for (leg, more) in legs.zip(more) {
            if more {
                self.read(leg, Channel::Rtp, tick, turn);
            }
            if leg.wrapping_add(self.ticks).is_multiple_of(TICKS_PER_LOOK) {
                self.read(leg, Channel::Rtcp, tick, turn);
                self.sockets[leg].follow(self.room.settled(leg, turn.now));
            }
        }
    }

    /// Takes the frames of these legs from what was received.
    pub(crate) fn pull(&mut self, tick: Tick, legs: Range<usize>, port: &mut Port) {
        self.room.pull(tick, legs, &mut |event| port.tell(event));
    }

    /// Fetches what [`LiveRoom::write`] touches.
    pub(crate) fn fetch_to_write(&self, legs: Range<usize>) {
        if legs.start == 0 {
            self.room.fetch_feeds();
        }
        self.room.fetch_to_send(legs);
    }

    /// Once that is there: what it points to.
    pub(crate) fn fetch_rest_to_write(&self, legs: Range<usize>) {
        if legs.start == 0 {
            self.room.fetch_rest_of_feeds();
        }
    }

    /// Writes what these legs are sent into the outbox. Before the first of them the frames are mixed; after the last the tick is
    /// over. In between the desk is the room's.
    pub(crate) fn write(&mut self, tick: Tick, legs: Range<usize>, turn: &mut Turn<'_>) {
        if legs.start == 0 {
            self.room.mix(turn.desk, &mut |event| turn.port.tell(event));
        }
        self.room.write(tick, legs.clone(), turn.desk, turn.outbox);
        if legs.end == self.room.legs() {
            self.end(turn);
        }
    }

    /// Sends what was written: the one place where a tick does.
    pub(crate) fn send<'a>(&mut self, datagrams: impl Iterator<Item = Datagram<'a>>) {
        for datagram in datagrams {
            if !transmit(&self.sockets, &datagram) {
                self.room.count_send_failure(datagram.leg);
            }
        }
    }

    /// A tick is left out: media time passes all the same.
    pub(crate) fn skip(&mut self) {
        self.room.skip();
        self.tapes.skip();
    }

    fn end(&mut self, turn: &mut Turn<'_>) {
        self.record(turn);
        self.retire(turn.port);
        self.restock(turn.port);
    }

    /// Asks for the feeds that the room may need, and gives back what it does not.
    fn restock(&mut self, port: &mut Port) {
        self.room.demands().for_each(|demand| port.demand(self.id, demand));
        if let Some(feed) = self.room.surplus() {
            port.retire(Retired::Feed(feed));
        }
        let short = self.room.feeds_short();
        count(&port.counters.feeds_short, short - self.feeds_short);
        self.feeds_short = short;
    }

    fn record(&mut self, turn: &mut Turn<'_>) {
        self.tapes.take(&self.room, turn.desk);
        while let Some(over) = self.tapes.over() {
            self.end_tape(over, turn.port);
        }
    }

    fn end_tape(&mut self, id: TapeId, port: &mut Port) {
        let Some(tape) = self.tapes.end(id) else { return };
        port.retire(Retired::Tape(tape));
        if let TapeId::Name(leg) = id {
            port.emit(Event::NameRecorded { leg });
        }
    }

    /// The peer may go on from elsewhere.
    fn listen_to_all(&mut self, leg: LegId) {
        if let Some(index) = self.room.index_of(leg) {
            self.sockets[index].follow(None);
        }
    }

    fn start(&mut self, line: Line, turn: &mut Turn<'_>) {
        self.sockets.push(line.sockets);
        self.room.start(line.leg);
        self.reserve(turn);
    }

    fn reserve(&self, turn: &mut Turn<'_>) {
        self.room.reserve(turn.desk, turn.outbox, BATCH);
    }

    /// Reads a socket until it is empty, the budget is used up, or the packet that was due is there: to see that a socket
    /// is empty costs a third of what a packet costs.
    fn read(&mut self, leg: usize, channel: Channel, tick: Tick, turn: &mut Turn<'_>) {
        let socket = self.sockets[leg].channel(channel);
        for _ in 0..READ_BUDGET {
            let Some(arrived) = turn.receiver.receive(socket, turn.now, turn.wall) else { return };
            take(&mut self.room, leg, channel, arrived, turn.port);
            if channel == Channel::Rtp && !self.room.expects_more(leg, tick.due) {
                return;
            }
        }
        self.room.count_over_budget(leg);
    }

    fn retire(&mut self, port: &mut Port) {
        self.room.retired().for_each(|playback| port.retire(Retired::Playback(playback)));
    }
}

/// Lets a leg take what came for it, and tells the key that it was.
fn take(room: &mut Room, leg: usize, channel: Channel, arrived: Arrived<'_>, port: &mut Port) {
    let Arrived { source, at, octets } = arrived;
    if let Some(event) = room.receive(leg, at, channel, source, octets) {
        port.tell(event);
    }
}

/// Sends one datagram now; whether the socket took it.
fn transmit(sockets: &[SocketPair], datagram: &Datagram<'_>) -> bool {
    let Datagram { leg, channel, to, octets } = *datagram;
    sockets.get(leg).is_some_and(|sockets| sockets.send(channel, to, octets).is_ok())
}
