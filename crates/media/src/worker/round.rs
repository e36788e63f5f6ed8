//! One tick of all rooms that are due, step by step: each step is done for some tens of legs, whatever rooms they are in,
//! before the next one begins. So the code of a step, the kernel's as well as ours, is fetched into the core's first cache once
//! for many legs, and small rooms cost what large ones do.

use std::ops::Range;

use super::place::Place;
use crate::receive::BATCH;
use crate::turn::Turn;

/// Rooms and legs that tick together, unless one room has more: what they touch, some hundred lines each, is to stay in the
/// core's second cache from their first step to the last. A worker that is late would else have all its rooms due at once.
const TOGETHER: usize = 2 * BATCH;

/// What so many rooms of a group point to is asked for before the first of them is read.
const AHEAD: usize = 2;

/// Legs that are read before what those before them point to is asked for.
const FEW: usize = 2;

/// The rooms that tick now.
#[derive(Default)]
pub(super) struct Round {
    due: Vec<usize>,
    /// The room after the last one that was begun.
    next: usize,
    group: Vec<Stretch>,
}

/// Legs of one room.
struct Stretch {
    place: usize,
    legs: Range<usize>,
    /// What was gathered for them, or what they are to be sent.
    part: Range<usize>,
}

impl Stretch {
    /// Before its first legs: what the room points to.
    fn fetch_room(&self, rooms: &[Place]) {
        if self.legs.start == 0 {
            rooms[self.place].room.fetch_rest();
        }
    }
}

/// How far a step has come: so many rooms, and so many legs of the next one.
#[derive(Default)]
struct Reached {
    rooms: usize,
    legs: usize,
}

/// A step, done for a group of legs.
type Step = fn(&mut [Stretch], &mut [Place], &mut Turn<'_>);

impl Round {
    /// Makes place for so many rooms; not for the audio path, but when one is opened.
    pub(super) fn reserve(&mut self, rooms: usize) {
        self.due.reserve(rooms);
        self.group.reserve(BATCH);
    }

    /// Begins a tick of the next rooms for which one is due; whether there are any before all have had their turn.
    pub(super) fn begin(&mut self, rooms: &mut [Place], turn: &mut Turn<'_>) -> bool {
        self.due.clear();
        let mut together = 0;
        let next = self.next..rooms.len();
        self.next = 0;
        for index in next {
            if together >= TOGETHER {
                self.next = index;
                break;
            }
            if rooms[index].is_due(turn.now) {
                together += 1 + rooms[index].legs;
                self.due.push(index);
            }
        }
        self.due.iter().for_each(|&index| rooms[index].room.fetch());
        self.due.iter().for_each(|&index| rooms[index].begin(turn));
        !self.due.is_empty()
    }

    /// Reads what came, mixes one frame, and sends each leg what it hears.
    pub(super) fn run(&mut self, rooms: &mut [Place], turn: &mut Turn<'_>) {
        self.for_all(rooms, turn, receive);
        self.for_all(rooms, turn, send);
    }

    fn for_all(&mut self, rooms: &mut [Place], turn: &mut Turn<'_>, step: Step) {
        let mut reached = Reached::default();
        while self.fill(rooms, &mut reached) {
            step(&mut self.group, rooms, turn);
        }
    }

    /// Goes on to the next legs, at most [`BATCH`]; whether there are any.
    fn fill(&mut self, rooms: &[Place], reached: &mut Reached) -> bool {
        self.group.clear();
        let mut free = BATCH;
        while let Some(&place) = self.due.get(reached.rooms).filter(|_| free > 0) {
            let legs = rooms[place].legs;
            let end = legs.min(reached.legs + free);
            if reached.legs < end || legs == 0 {
                free -= end - reached.legs;
                self.group.push(Stretch { place, legs: reached.legs..end, part: 0..0 });
            }
            *reached = match end < legs {
                true => Reached { legs: end, ..*reached },
                false => Reached { rooms: reached.rooms + 1, legs: 0 },
            };
        }
        !self.group.is_empty()
    }
}

fn receive(group: &mut [Stretch], rooms: &mut [Place], turn: &mut Turn<'_>) {
    gather(group, rooms, turn);
    for Stretch { place, legs, part } in &*group {
        let place = &mut rooms[*place];
        let tick = place.tick;
        place.guard(turn, |room, turn| room.receive(tick, legs.clone(), part.clone(), turn));
    }
    for Stretch { place, legs, .. } in &*group {
        let place = &mut rooms[*place];
        let tick = place.tick;
        place.guard(turn, |room, turn| room.pull(tick, legs.clone(), turn.port));
    }
}

/// Reads the sockets. Each takes the kernel longer than memory takes: meanwhile comes what the rooms ahead point to, and what the
/// legs behind do. All at once it would be more than the core can wait for at a time.
fn gather(group: &mut [Stretch], rooms: &[Place], turn: &mut Turn<'_>) {
    turn.receiver.clear();
    group.iter().take(AHEAD).for_each(|stretch| stretch.fetch_room(rooms));
    let mut behind: Option<(usize, Range<usize>)> = None;
    for at in 0..group.len() {
        group.get(at + AHEAD).into_iter().for_each(|stretch| stretch.fetch_room(rooms));
        let Stretch { place, legs, part } = &mut group[at];
        for few in pieces(legs) {
            let gathered = rooms[*place].room.gather(few.clone(), turn);
            *part = if few.start == legs.start { gathered } else { part.start..gathered.end };
            if let Some((place, legs)) = behind.replace((*place, few)) {
                rooms[place].room.fetch_rest_of(legs);
            }
        }
    }
    behind.into_iter().for_each(|(place, legs)| rooms[place].room.fetch_rest_of(legs));
}

fn pieces(legs: &Range<usize>) -> impl Iterator<Item = Range<usize>> + use<> {
    let end = legs.end;
    legs.clone().step_by(FEW).map(move |start| start..end.min(start + FEW))
}

fn send(group: &mut [Stretch], rooms: &mut [Place], turn: &mut Turn<'_>) {
    for Stretch { place, legs, .. } in &*group {
        rooms[*place].room.fetch_to_write(legs.clone());
    }
    for Stretch { place, legs, .. } in &*group {
        rooms[*place].room.fetch_rest_to_write(legs.clone());
    }
    for Stretch { place, legs, part } in &mut *group {
        let (place, written) = (&mut rooms[*place], turn.outbox.len());
        let tick = place.tick;
        place.guard(turn, |room, turn| room.write(tick, legs.clone(), turn));
        *part = written..turn.outbox.len();
    }
    for Stretch { place, part, .. } in &*group {
        rooms[*place].room.send(turn.outbox.part(part.clone()));
    }
    turn.outbox.clear();
}
