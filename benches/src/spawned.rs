//! A server of our own, started for a run.

use std::io::{self, Write};
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;

use crate::machine;
use crate::process::Process;

/// A server that does not answer within this is not there.
const PATIENCE: Duration = Duration::from_secs(10);

/// Its memory is looked at this often, and has settled when it is the same so many times.
const LOOK: Duration = Duration::from_millis(100);
const CALM: u32 = 5;

/// Which server is started.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServerArgs {
    /// The server's program; else that which lies beside this one
    #[arg(long, value_name = "FILE")]
    pub(crate) program: Option<PathBuf>,
    /// Its configuration
    #[arg(long, value_name = "FILE", default_value = "config/bench.toml")]
    pub(crate) config: PathBuf,
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    /// From its start to its first answer.
    pub(crate) ready: Duration,
}

impl Server {
    /// Starts one on a core of its own and waits until it answers.
    ///
    /// # Errors
    /// When it cannot be started or does not answer.
    pub(crate) fn start(args: &ServerArgs, address: SocketAddr, core: Option<usize>) -> io::Result<Self> {
        let program = args.program()?;
        // What is started inherits the core, and makes as many threads as it has cores.
        core.map(machine::pin_here);
        let start = Instant::now();
        let mut command = Command::new(&program);
        command.arg("serve").arg("--config").arg(&args.config);
        command.arg("--set").arg(format!("sip.listen=udp:{address}"));
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let child = spawned
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", program.display())))?;
        let mut server = Self { child, ready: Duration::ZERO };
        server.wait(address)?;
        server.ready = start.elapsed();
        Ok(server)
    }

    /// The process.
    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Waits until it takes no more memory: sounds may be loaded after it is ready.
    pub(crate) fn settle(&self) {
        let deadline = Instant::now() + PATIENCE;
        let (mut before, mut calm) = (0, 0);
        while calm < CALM && Instant::now() < deadline {
            std::thread::sleep(LOOK);
            let now = self.process().resident();
            calm = if now == before { calm + 1 } else { 0 };
            before = now;
        }
    }

    /// Asks by OPTIONS until there is an answer (RFC 3261 §11).
    fn wait(&mut self, address: SocketAddr) -> io::Result<()> {
        let socket = UdpSocket::bind(SocketAddr::new(address.ip(), 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(2)))?;
        let (deadline, local) = (Instant::now() + PATIENCE, socket.local_addr()?);
        let mut number = 0;
        while Instant::now() < deadline {
            number += 1;
            // Refused while nobody listens.
            let _ = socket.send_to(&options(address, local, number), address);
            if socket.recv_from(&mut [0; 2048]).is_ok() {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() {
                return Err(io::Error::other("the server has ended"));
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(ended, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

impl ServerArgs {
    /// Octets of the program, and whether without its symbols: where there is no `strip`, with them.
    pub(crate) fn size(&self) -> io::Result<(u64, &'static str)> {
        let program = self.program()?;
        let stripped = std::env::temp_dir().join(format!("confab-bench-{}", std::process::id()));
        let done = Command::new("strip").arg("-o").arg(&stripped).arg(&program).status();
        let length = std::fs::metadata(&stripped).map(|metadata| metadata.len());
        // There may be none.
        let _ = std::fs::remove_file(&stripped);
        match (done.is_ok_and(|status| status.success()), length) {
            (true, Ok(length)) => Ok((length, "stripped")),
            _ => Ok((std::fs::metadata(program)?.len(), "as built")),
        }
    }

    fn program(&self) -> io::Result<PathBuf> {
        match &self.program {
            Some(program) => Ok(program.clone()),
            None => Ok(std::env::current_exe()?.with_file_name("confab")),
        }
    }
}

fn options(server: SocketAddr, local: SocketAddr, number: u32) -> Vec<u8> {
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = write!(
        text,
        "OPTIONS sip:{server} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK-ready-{number}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:bench@{local}>;tag=r{number}\r\nTo: <sip:{server}>\r\n\
         Call-ID: ready-{number}@{local}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    text
}
