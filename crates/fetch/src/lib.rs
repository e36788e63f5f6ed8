//! Memory asked for before it is used.
//!
//! With a thousand calls nothing of the last tick is in the cache any more at the next. A line that is read when it is needed
//! is waited for, some 150 ns, more than is worked in that time; lines that were asked for before come side by side, while
//! something else is done. So whoever is about to go through many legs or rooms first *fetches* what they will touch: a
//! struct by its fields, and, once that is there, what it points to.
//!
//! A fetch is a hint. It changes nothing, and where the processor has no such instruction that we can use it does nothing.

/// Octets that come at once.
const LINE: usize = 64;

/// Lines of a slice that are asked for: what follows a processor sees coming by itself.
const LINES: usize = 16;

/// Asks for the cache line in which a value begins.
#[inline]
pub fn fetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    safe_arch::prefetch_t0(value);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// Asks for the first lines of a slice.
#[inline]
pub fn fetch_all<T>(values: &[T]) {
    let step = LINE.checked_div(size_of::<T>()).map_or(1, |step| step.max(1));
    values.iter().step_by(step).take(LINES).for_each(fetch);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_fetched_stays_as_it_is() {
        let (octets, lines, nothing) = ([7_u8; 100], [[7_u64; 20]; 3], [(); 5]);
        fetch_all(&octets);
        fetch_all(&octets[..0]);
        fetch_all(&lines);
        fetch_all(&nothing);
        fetch(&lines);
        assert_eq!((octets, lines), ([7; 100], [[7; 20]; 3]));
    }
}
