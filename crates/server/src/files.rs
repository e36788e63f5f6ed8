//! How many files may be open: each call has two sockets.

use std::io;
use std::ops::RangeInclusive;

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::close;

/// For everything but the calls: the log, SIP connections, recordings, sounds that are being read.
const OTHERS: u64 = 512;

/// What the system allows, and what would be of use.
#[derive(Debug)]
pub(crate) struct Files {
    allowed: u64,
    useful: u64,
}

impl Files {
    /// Raises the limit of open files to what these ports can make use of, as far as that is allowed, and lets the kernel make
    /// its table of them as large at once: in a process of several threads it waits 5 to 20 ms each time that the table has
    /// to grow, and whoever calls then waits with it. So this wants to be done before the first thread is started.
    pub(crate) fn prepare(ports: &RangeInclusive<u16>) -> Self {
        let useful = ports.len() as u64 + OTHERS;
        let allowed = raise_limit(useful).unwrap_or(useful);
        grow_table(allowed.min(useful));
        Self { allowed, useful }
    }

    /// What to tell if calls may find no sockets although there are ports.
    pub(crate) fn warning(&self) -> Option<String> {
        let calls = self.allowed.saturating_sub(OTHERS) / 2;
        (self.allowed < self.useful).then(|| {
            format!(
                "only {} files may be open, enough for {calls} calls; for all ports it takes {} (ulimit -n, LimitNOFILE=)",
                self.allowed, self.useful
            )
        })
    }
}

/// The limit that holds from now on.
fn raise_limit(useful: u64) -> nix::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let wanted = useful.min(hard).max(soft);
    if wanted > soft {
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)?;
    }
    Ok(wanted)
}

/// A table is as large as its highest entry needs, and stays so.
fn grow_table(entries: u64) {
    let highest = i32::try_from(entries.saturating_sub(1)).unwrap_or(i32::MAX);
    if let Ok(copy) = fcntl(io::stderr(), FcntlArg::F_DUPFD_CLOEXEC(highest)) {
        let _nothing_was_written = close(copy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_open_enough_files_is_told_how_many_calls_fit() {
        let files = Files { allowed: 1024, useful: 10_512 };
        let warning = files.warning().unwrap();
        assert!(warning.contains("only 1024 files") && warning.contains("256 calls"), "{warning}");
        assert_eq!(Files { allowed: 20_000, useful: 10_512 }.warning(), None);
    }

    #[test]
    fn the_limit_is_raised_for_the_ports_as_far_as_allowed() {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        let files = Files::prepare(&(10_000..=11_999));
        assert_eq!(files.useful, 2512);
        let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert!(soft >= 2512.min(hard) && files.allowed == soft, "{soft} of {hard}");
    }
}
