//! Softphones of others that call a room: baresip and linphone, as Debian has them, without a sound card. Each talks a tone
//! from a file and records what it hears.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use confab_phone::Encoding;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use crate::{tones, until};

/// Until a softphone has started on a busy machine. Linphone makes a data base first.
const STARTED: Duration = Duration::from_secs(30);

/// Until it has hung up and completed its recording.
const ENDED: Duration = Duration::from_secs(10);

/// How long a softphone talks at most, seconds.
const TALKS_S: f32 = 60.0;

/// Whose softphone it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// Debian's package `baresip-core`.
    Baresip,
    /// Debian's package `linphone-cli`.
    Linphone,
}

impl Make {
    /// Whether the program is installed; if not, a line says so.
    ///
    /// # Panics
    /// If it is missing where every test is to run: with `CI` in the environment.
    pub fn is_installed(self) -> bool {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&paths).any(|path| path.join(self.program()).exists());
        if !found {
            let missing = format!("{} is needed: run `scripts/install-missing test`", self.program());
            assert!(std::env::var_os("CI").is_none(), "{missing}");
            eprintln!("not run: {missing}");
        }
        found
    }

    fn program(self) -> &'static str {
        match self {
            Self::Baresip => "baresip",
            Self::Linphone => "linphonec",
        }
    }

    fn quit(self) -> &'static str {
        match self {
            Self::Baresip => "/quit\n",
            Self::Linphone => "quit\n",
        }
    }
}

/// A softphone that runs.
#[derive(Debug)]
pub struct Softphone {
    make: Make,
    child: Child,
    folder: TempDir,
}

impl Softphone {
    /// Calls `room` at `server` by `codec` and talks a tone of `hz` at −20 dBov.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn call(make: Make, server: SocketAddr, room: &str, codec: Encoding, hz: f32) -> Self {
        let folder = folder();
        tones::write(&folder.path().join("voice.wav"), codec.sample_rate(), hz, TALKS_S);
        match make {
            Make::Baresip => configure_baresip(folder.path(), codec),
            Make::Linphone => configure_linphone(folder.path(), codec),
        }
        let target = format!("sip:{room}@{server}");
        let child = match make {
            Make::Baresip => start_baresip(folder.path(), &target),
            Make::Linphone => start_linphone(folder.path(), &target).await,
        };
        Self { make, child, folder }
    }

    /// Hangs up; what it has heard, and at which rate.
    ///
    /// # Panics
    /// If it does not end, or has recorded nothing.
    pub async fn hang_up(mut self) -> (Vec<i16>, u32) {
        type_in(&mut self.child, self.make.quit()).await;
        let ended = tokio::time::timeout(ENDED, self.child.wait()).await;
        assert!(ended.is_ok(), "{:?} does not end; it said: {}", self.make, self.said());
        let files = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let heard = files.into_iter().find(|path| is_recording(path));
        read(
            &heard
                .unwrap_or_else(|| panic!("{:?} has recorded nothing; it said: {}", self.make, self.said())),
        )
    }

    /// What it wrote to its user.
    pub fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said.txt")).unwrap_or_default()
    }
}

/// In memory where there is such a place: Linphone's data base waits for the disk.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Baresip names its dumps `dump-TIME-dec.wav`.
fn is_recording(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name == "heard.wav" || name.ends_with("-dec.wav")
}

fn read(path: &Path) -> (Vec<i16>, u32) {
    let reader = hound::WavReader::open(path).unwrap();
    let (rate, channels) = (reader.spec().sample_rate, usize::from(reader.spec().channels));
    // Both sides of Baresip's Opus are the same.
    (reader.into_samples().map_while(Result::ok).step_by(channels).collect(), rate)
}

fn run(make: Make, folder: &Path) -> Command {
    let said = fs::File::create(folder.join("said.txt")).unwrap();
    let mut command = Command::new(make.program());
    command.env("HOME", folder).current_dir(folder).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(said.try_clone().unwrap()).stderr(said);
    command
}

async fn type_in(child: &mut Child, text: &str) {
    // A program that has ended already reads nothing more.
    let _ = child.stdin.as_mut().unwrap().write_all(text.as_bytes()).await;
}

fn configure_baresip(folder: &Path, codec: Encoding) {
    let (place, rate) = (folder.display(), codec.sample_rate());
    let name = match codec {
        Encoding::Opus => "opus/48000/2",
        Encoding::G722 => "G722/16000/1",
        Encoding::Pcma => "PCMA/8000/1",
        _ => "PCMU/8000/1",
    };
    let account = format!("<sip:baresip@127.0.0.1>;regint=0;audio_codecs={name}\n");
    // The source is resampled to no other rate; what comes is played into a bridge that leads nowhere.
    let config = format!(
        "sip_listen 127.0.0.1:0\nnet_interface 127.0.0.1\nrtp_ports 40000-49999\njitter_buffer_delay 5-10\n\
         audio_source aufile,{place}/voice.wav\naudio_player aubridge,nowhere\nsnd_path {place}\n\
         ausrc_srate {rate}\nauplay_srate {rate}\nausrc_channels 1\nauplay_channels 1\n\
         module_path {}\nmodule stdio.so\nmodule opus.so\nmodule g722.so\nmodule g711.so\n\
         module aufile.so\nmodule aubridge.so\nmodule sndfile.so\nmodule_app account.so\nmodule_app menu.so\n",
        baresip_modules().display()
    );
    for (file, text) in [("config", config), ("accounts", account), ("contacts", String::new())] {
        fs::write(folder.join(file), text).unwrap();
    }
}

/// `/usr/lib/baresip/modules`, or that of the machine's architecture.
fn baresip_modules() -> PathBuf {
    let multiarch = format!("/usr/lib/{}-linux-gnu/baresip/modules", std::env::consts::ARCH);
    let places = ["/usr/lib/baresip/modules".into(), multiarch, "/usr/local/lib/baresip/modules".into()];
    places.into_iter().map(PathBuf::from).find(|place| place.exists()).unwrap_or_default()
}

fn start_baresip(folder: &Path, target: &str) -> Child {
    let mut command = run(Make::Baresip, folder);
    let limit = (TALKS_S as u32).to_string();
    command.args(["-4", "-t", &limit, "-e", &format!("/dial {target}"), "-f"]).arg(folder);
    command.spawn().unwrap()
}

fn configure_linphone(folder: &Path, codec: Encoding) {
    let chosen = match codec {
        Encoding::Opus => "opus",
        Encoding::G722 => "G722",
        Encoding::Pcma => "PCMA",
        _ => "PCMU",
    };
    let known = [
        ("opus", 48_000, 2),
        ("speex", 32_000, 1),
        ("speex", 16_000, 1),
        ("speex", 8000, 1),
        ("PCMU", 8000, 1),
        ("PCMA", 8000, 1),
        ("G722", 8000, 1),
        ("G729", 8000, 1),
    ];
    let codecs = known.iter().enumerate().map(|(index, (mime, rate, channels))| {
        let enabled = u8::from(*mime == chosen);
        format!("[audio_codec_{index}]\nmime={mime}\nrate={rate}\nchannels={channels}\nenabled={enabled}\n")
    });
    let config = format!(
        "[sip]\nsip_port={}\nsip_tcp_port=0\nsip_tls_port=0\nguess_hostname=0\nuse_ipv6=0\nipv6_migration_done=1\n\
         bind_address=127.0.0.1\ncontact=<sip:linphone@127.0.0.1>\n[rtp]\nbind_address=127.0.0.1\naudio_rtp_port={}\n\
         [sound]\nechocancellation=0\n[video]\nenabled=0\n{}",
        free_port(),
        free_port(),
        codecs.collect::<String>()
    );
    fs::write(folder.join("linphonerc"), config).unwrap();
    fs::create_dir_all(folder.join(".local/share/linphone")).unwrap();
}

/// Linphone reads its orders before it has looked at the network, and then has none.
async fn start_linphone(folder: &Path, target: &str) -> Child {
    let log = folder.join("log.txt");
    let mut command = run(Make::Linphone, folder);
    command.arg("-c").arg(folder.join("linphonerc")).args(["-d", "6", "-l"]).arg(&log);
    let mut child = command.spawn().unwrap();
    let is_up = || fs::read_to_string(&log).is_ok_and(|text| text.contains("Creating listening point"));
    until("network in linphone's log", STARTED, || is_up().then_some(())).await;
    let place = folder.display();
    let orders =
        format!("soundcard use files\nplay {place}/voice.wav\nrecord {place}/heard.wav\ncall {target}\n");
    type_in(&mut child, &orders).await;
    child
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap().port()
}
