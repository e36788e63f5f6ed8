//! What a process uses, from /proc.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// A running process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Process(pub u32);

/// What a process has used since its start, and holds now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    /// Name and processor time of each thread that lives, by its number in the system.
    pub(crate) threads: BTreeMap<i32, (String, Duration)>,
    /// Context switches that a thread asked for by waiting.
    pub(crate) waits: u64,
    /// Context switches that were forced on a thread.
    pub(crate) preemptions: u64,
    /// Resident memory, octets.
    pub(crate) resident: u64,
}

impl Process {
    /// Ourselves.
    pub(crate) fn own() -> Self {
        Self(std::process::id())
    }

    /// The process that has a UDP socket on this port.
    pub(crate) fn on_port(port: u16) -> Option<Self> {
        let rows = udp_rows();
        let socket = rows.iter().find(|row| row.port == port)?.inode;
        let processes =
            fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        processes.map(Self).find(|process| process.sockets().contains(&socket))
    }

    /// What it has used until now; zeros for what may not be read.
    pub(crate) fn usage(self) -> Usage {
        let mut usage = Usage { resident: self.resident(), ..Usage::default() };
        for thread in self.threads() {
            let task = self.path("task").join(thread.to_string());
            let read = |file: &str| fs::read_to_string(task.join(file)).unwrap_or_default();
            let ran = read("schedstat").split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or_default();
            usage.threads.insert(thread, (read("comm").trim_end().to_owned(), Duration::from_nanos(ran)));
            let status = read("status");
            usage.waits += field(&status, "voluntary_ctxt_switches:");
            usage.preemptions += field(&status, "nonvoluntary_ctxt_switches:");
        }
        usage
    }

    /// The octets of memory that are resident.
    pub(crate) fn resident(self) -> u64 {
        let status = fs::read_to_string(self.path("status")).unwrap_or_default();
        field(&status, "VmRSS:") * 1024
    }

    /// Its threads, by their number in the system.
    pub(crate) fn threads(self) -> Vec<i32> {
        let tasks = fs::read_dir(self.path("task")).into_iter().flatten();
        tasks.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
    }

    /// Datagrams that its UDP sockets dropped because their buffers were full; slow when it has thousands.
    pub(crate) fn dropped(self) -> u64 {
        let own = self.sockets();
        udp_rows().iter().filter(|row| own.contains(&row.inode)).map(|row| row.drops).sum()
    }

    /// The inodes of its sockets.
    fn sockets(self) -> HashSet<u64> {
        let files = fs::read_dir(self.path("fd")).into_iter().flatten();
        let links = files.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        links
            .filter_map(|link| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
            .collect()
    }

    fn path(self, what: &str) -> PathBuf {
        format!("/proc/{}/{what}", self.0).into()
    }
}

impl Usage {
    /// What was used from `earlier` until now; what is held stays as it is.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let before = |thread: &i32| earlier.threads.get(thread).map_or(Duration::ZERO, |thread| thread.1);
        let used = |(thread, (name, time)): (&i32, &(String, Duration))| {
            (*thread, (name.clone(), time.saturating_sub(before(thread))))
        };
        Self {
            threads: self.threads.iter().map(used).collect(),
            waits: self.waits.saturating_sub(earlier.waits),
            preemptions: self.preemptions.saturating_sub(earlier.preemptions),
            resident: self.resident,
        }
    }

    /// The processor time of all threads.
    pub(crate) fn time(&self) -> Duration {
        self.threads.values().map(|thread| thread.1).sum()
    }
}

/// The number behind a label of a status file.
fn field(text: &str, label: &str) -> u64 {
    let rest = text.lines().find_map(|line| line.strip_prefix(label));
    rest.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// One UDP socket as the kernel lists it.
struct UdpRow {
    port: u16,
    inode: u64,
    drops: u64,
}

fn udp_rows() -> Vec<UdpRow> {
    let tables = ["/proc/net/udp", "/proc/net/udp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(udp_row).collect()
}

fn udp_row(line: &str) -> Option<UdpRow> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let port = u16::from_str_radix(fields.get(1)?.rsplit(':').next()?, 16).ok()?;
    Some(UdpRow { port, inode: fields.get(9)?.parse().ok()?, drops: fields.last()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn a_process_is_found_by_its_port_and_tells_what_it_uses() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        assert_eq!(Process::on_port(port), Some(Process::own()));
        let usage = Process::own().usage();
        assert!(usage.resident > 100_000 && !usage.threads.is_empty(), "{usage:?}");
        assert_eq!(Process::own().dropped(), 0);
    }
}
