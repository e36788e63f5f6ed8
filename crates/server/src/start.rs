//! From a configuration to a running server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use confab_config::Config;
use confab_media::{Engine, EngineConfig, Scheduling, SilenceLimits};
use confab_sip::{Listener, Transport};
use confab_switchboard::{Switchboard, SwitchboardConfig};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::audio::Audio;
use crate::control::Control;
use crate::gateways;
use crate::lookup::Lookups;
use crate::recording::Recordings;
use crate::sounds::Library;
use crate::transport::{BindError, Transports};

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A listening address is not to be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A thread is not to be had.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// The certificates of a look-up cannot be read.
    #[error("{0}")]
    Certificates(io::Error),
    /// The audio workers could not be started.
    #[error("cannot start the audio engine on {address}: {source}")]
    Audio {
        /// The configured `media.address`.
        address: std::net::IpAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<(Transport, SocketAddr)>,
    stop: Option<oneshot::Sender<()>>,
    control: JoinHandle<()>,
    /// Resolves the names of gateways.
    _names: JoinSet<()>,
}

impl Server {
    /// Binds every socket, loads every sound and starts to take calls.
    ///
    /// A sound that is missing is named in the log and silent in a call.
    ///
    /// # Errors
    /// When an address is in use or may not be used.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let (transports, arrivals) = Transports::bind(&config.sip.listen).await?;
        let addresses = transports.addresses().to_vec();
        let audio_events = Arc::new(Notify::new());
        let engine = start_engine(&config, rand::random(), Arc::clone(&audio_events))?;
        let (loaded, sounds) = mpsc::unbounded_channel();
        let (library, silent) = Library::of(&config, loaded);
        silent.iter().for_each(|warning| tracing::warn!("{warning}"));
        library.prepare().map_err(StartError::Thread)?;
        let (answer, answers) = mpsc::unbounded_channel();
        let lookups = Lookups::new(config.lookups.clone(), answer).map_err(StartError::Certificates)?;
        let ring = Arc::clone(&audio_events);
        let recordings =
            Recordings::start(&config.recording, move || ring.notify_one()).map_err(StartError::Thread)?;
        let audio = Audio::new(engine, recordings, library, canonical_name(&config));
        let names = gateways::resolve(&config.gateways, &transports.inbox());
        let switchboard = switchboard(config, &addresses, rand::random());
        let (stop, stopped) = oneshot::channel();
        let control = Control {
            switchboard,
            transports,
            arrivals,
            audio,
            audio_events,
            sounds,
            lookups,
            answers,
            stop: stopped,
        };
        let control = tokio::spawn(control.run());
        Ok(Self { addresses, stop: Some(stop), control, _names: names })
    }

    /// Where it listens; a configured port 0 is the real one here.
    pub fn addresses(&self) -> &[(Transport, SocketAddr)] {
        &self.addresses
    }

    /// Takes no new calls, ends those that are up, and returns when that is done, in less than 3 s.
    pub async fn stop(mut self) {
        self.stop.take();
        // A panic of the control task has been printed where it happened.
        let _ = (&mut self.control).await;
    }
}

fn switchboard(config: Config, addresses: &[(Transport, SocketAddr)], seed: [u8; 32]) -> Switchboard {
    let listener = |(transport, local): &(Transport, SocketAddr)| Listener {
        transport: *transport,
        local: *local,
        advertised: config.sip.advertised(*local),
    };
    Switchboard::new(SwitchboardConfig {
        endpoint: config.endpoint(addresses.iter().map(listener).collect()),
        conference: config.conference,
        media_addresses: config.media.advertise,
        seed,
    })
}

fn start_engine(config: &Config, seed: u64, events: Arc<Notify>) -> Result<Engine, StartError> {
    let media = &config.media;
    let engine = EngineConfig {
        address: media.address,
        ports: media.ports.clone(),
        workers: media.workers,
        pin: media.pin,
        headroom: f32::from(media.headroom) / 100.0,
        keep_phases: false,
        silence: SilenceLimits { talking: media.silence.talking, on_hold: media.silence.on_hold },
        seed,
    };
    let engine = Engine::start(engine, move || events.notify_one())
        .map_err(|source| StartError::Audio { address: media.address, source })?;
    tell_scheduling(engine.scheduling());
    tell_limits(engine.limits(), media.headroom);
    Ok(engine)
}

/// How punctual the audio can be.
fn tell_scheduling(workers: &[Scheduling]) {
    let count = workers.len();
    let cores: Vec<String> =
        workers.iter().filter_map(|worker| worker.core).map(|core| core.to_string()).collect();
    let place = if cores.is_empty() { "any core".into() } else { format!("core {}", cores.join(", ")) };
    if workers.iter().all(|worker| worker.real_time) {
        tracing::info!("audio: {count} workers on {place}, with real-time priority");
    } else {
        tracing::warn!(
            "audio: {count} workers on {place}, without real-time priority: what else runs here can make them late; \
             it takes CAP_SYS_NICE or an rtprio limit (ulimit -r)"
        );
    }
}

/// How much the workers may do.
fn tell_limits(limits: impl Iterator<Item = f32>, headroom: u8) {
    let wanted = 100.0 - f32::from(headroom);
    let least = 100.0 * limits.fold(1.0, f32::min);
    if least < wanted - 0.5 {
        tracing::warn!(
            "audio: callers are refused when a worker is busy for {least:.0} % of the time, not {wanted:.0} % as by \
             media.headroom: the system stops real-time threads that take more (kernel.sched_rt_runtime_us)"
        );
    } else {
        tracing::info!("audio: callers are refused when a worker is busy for {wanted:.0} % of the time");
    }
}

/// Our name in RTCP (RFC 3550 §6.5.1).
fn canonical_name(config: &Config) -> String {
    let host = config.media.advertise.first().unwrap_or(&config.media.address);
    format!("confab@{host}")
}
