//! HTTP look-ups: a server that knows decides where a call goes.
//!
//! The question is a JSON object in the body of a POST, or the query of a GET:
//!
//! | key | is |
//! |---|---|
//! | `caller`, `name` | the caller's number and display name |
//! | `user` | as whom he is authenticated |
//! | `gateway`, `source` | the gateway and the address that the call comes from |
//! | `dialled` | what he dialled |
//! | `pin` | whether he brought a PIN; never the PIN itself |
//!
//! What is not known is left out. The answer is status 204 (as the route says), or 200 with a JSON object as
//! [`answer`] reads it. Everything else is a failure, redirections too. Nothing here blocks the control task: a
//! question waits in a thread of its own, and no more than `max_in_flight` of them do; others fail at once.

mod answer;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use confab_conference::{Caller, Decision, LegId};
use confab_config::LookupConfig;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, http};

/// The largest answer, octets.
const LARGEST_ANSWER: u64 = 64 << 10;
/// The largest head of an answer, octets.
const LARGEST_HEAD: usize = 16 << 10;

/// Who is to be asked about a call.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) leg: LegId,
    /// The name of the look-up.
    pub(crate) lookup: String,
    pub(crate) caller: Caller,
    pub(crate) dialled: String,
}

/// What came of it; the text says why there was no answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) leg: LegId,
    pub(crate) decision: Result<Decision, String>,
}

/// All servers that can be asked.
#[derive(Debug)]
pub(crate) struct Lookups {
    services: BTreeMap<String, Arc<Service>>,
    answers: UnboundedSender<Answer>,
}

/// One server.
#[derive(Debug)]
struct Service {
    agent: Agent,
    config: LookupConfig,
    turns: Arc<Semaphore>,
}

impl Lookups {
    /// All look-ups of the configuration; their answers go to `answers`.
    ///
    /// # Errors
    /// Certificates cannot be read.
    pub(crate) fn new(
        configs: BTreeMap<String, LookupConfig>,
        answers: UnboundedSender<Answer>,
    ) -> io::Result<Self> {
        let service = |(name, config)| Service::new(config).map(|service| (name, Arc::new(service)));
        Ok(Self { services: configs.into_iter().map(service).collect::<io::Result<_>>()?, answers })
    }

    /// Asks. The answer comes in its time.
    pub(crate) fn ask(&self, question: Question) {
        let Some(service) = self.services.get(&question.lookup) else {
            return self.answer(question.leg, Err(format!("there is no look-up {}", question.lookup)));
        };
        let Ok(turn) = Arc::clone(&service.turns).try_acquire_owned() else {
            return self.answer(question.leg, Err("too many questions are open".into()));
        };
        let (service, answers) = (Arc::clone(service), self.answers.clone());
        tokio::task::spawn_blocking(move || {
            let decision = service.ask(&question);
            drop(turn);
            // The receiver is gone only when the server stops.
            _ = answers.send(Answer { leg: question.leg, decision });
        });
    }

    fn answer(&self, leg: LegId, decision: Result<Decision, String>) {
        _ = self.answers.send(Answer { leg, decision });
    }
}

impl Service {
    fn new(config: LookupConfig) -> io::Result<Self> {
        let agent = Agent::config_builder()
            .timeout_global(Some(config.timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("confab/", env!("CARGO_PKG_VERSION")))
            .max_response_header_size(LARGEST_HEAD)
            .max_idle_connections_per_host(config.max_in_flight)
            .tls_config(tls(&config)?)
            .build()
            .new_agent();
        let turns = Arc::new(Semaphore::new(config.max_in_flight.min(Semaphore::MAX_PERMITS)));
        Ok(Self { agent, config, turns })
    }

    /// Blocks until the answer is there, at most for the timeout.
    fn ask(&self, question: &Question) -> Result<Decision, String> {
        let facts = facts(question);
        let response = if self.config.post { self.post(facts) } else { self.get(&facts) };
        let mut response = response.map_err(|error| error.to_string())?;
        match response.status() {
            http::StatusCode::NO_CONTENT => Ok(Decision::default()),
            http::StatusCode::OK => {
                let body = response.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
                answer::read(&body.map_err(|error| error.to_string())?)
            }
            status => Err(format!("the server says {status}")),
        }
    }

    fn post(&self, facts: Map<String, Value>) -> Result<http::Response<Body>, ureq::Error> {
        let request = self
            .fields()
            .fold(self.agent.post(&self.config.url), |request, (name, value)| request.header(name, value));
        request.header("Content-Type", "application/json").send(Value::Object(facts).to_string())
    }

    fn get(&self, facts: &Map<String, Value>) -> Result<http::Response<Body>, ureq::Error> {
        let mut request = self.agent.get(&self.config.url);
        for (name, fact) in facts {
            let text = fact.as_str().map_or_else(|| fact.to_string(), str::to_owned);
            request = request.query(name, text);
        }
        self.fields().fold(request, |request, (name, value)| request.header(name, value)).call()
    }

    fn fields(&self) -> impl Iterator<Item = (String, String)> {
        let bearer =
            self.config.bearer.iter().map(|token| ("Authorization".into(), format!("Bearer {token}")));
        let accept = ("Accept".into(), "application/json".into());
        self.config.headers.iter().cloned().chain(bearer).chain([accept])
    }
}

/// What is known about a call.
fn facts(question: &Question) -> Map<String, Value> {
    let caller = &question.caller;
    let known = [
        ("caller", Some(caller.number.clone())),
        ("name", caller.name.clone()),
        ("user", caller.user.clone()),
        ("gateway", caller.gateway.clone()),
        ("source", caller.address.map(|address| address.to_string())),
        ("dialled", Some(question.dialled.clone())),
    ];
    let known = known.into_iter().filter_map(|(key, text)| Some((key.to_owned(), Value::String(text?))));
    known.chain([("pin".to_owned(), Value::Bool(caller.pin.is_some()))]).collect()
}

/// Certificates of the configured file, else of the system; none where no TLS is spoken.
fn tls(config: &LookupConfig) -> io::Result<TlsConfig> {
    let roots = match &config.ca_file {
        Some(file) => certificates_in(file)?,
        None if config.url.starts_with("https:") => certificates_of_the_system(),
        None => Vec::new(),
    };
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}

fn certificates_in(file: &Path) -> io::Result<Vec<Certificate<'static>>> {
    let broken =
        |why: String| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {why}", file.display()));
    let pem = std::fs::read(file)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))?;
    let mut certificates = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| broken(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        Err(broken("there is no certificate in it".into()))
    } else {
        Ok(certificates)
    }
}

fn certificates_of_the_system() -> Vec<Certificate<'static>> {
    let found = rustls_native_certs::load_native_certs();
    found.errors.iter().for_each(|error| tracing::warn!("certificates of the system: {error}"));
    found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect()
}
