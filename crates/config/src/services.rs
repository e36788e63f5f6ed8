//! Programs and servers that confab asks for help.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// `[say]`: the program that speaks `say:` texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SayConfig {
    /// The program and its arguments. In each of them `{text}`, `{language}`, `{voice}` and `{file}` are replaced; no
    /// shell is between. With `{file}` somewhere it writes a sound file there, else to its standard output.
    pub command: Vec<String>,
    /// What `{voice}` stands for.
    pub voice: String,
    /// After this it is stopped, and the text is silent.
    pub timeout: Duration,
}

/// `[lookups.NAME]`: an HTTP server that decides where calls go.
#[derive(Clone, PartialEq, Eq)]
pub struct LookupConfig {
    /// `http://…` or `https://…`.
    pub url: String,
    /// Whether the question is a JSON body (POST), or the query of the URL (GET).
    pub post: bool,
    /// After this there was no answer.
    pub timeout: Duration,
    /// Proves to the server who asks (RFC 6750).
    pub bearer: Option<String>,
    /// Header fields of every request.
    pub headers: Vec<(String, String)>,
    /// The certificates (PEM) that the server's must lead to; `None`: those of the system.
    pub ca_file: Option<PathBuf>,
    /// Questions that may be open at one time; others fail at once.
    pub max_in_flight: usize,
}

impl fmt::Debug for LookupConfig {
    /// Without what is secret: the token, and the header fields, which may hold keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookupConfig")
            .field("url", &self.url)
            .field("post", &self.post)
            .field("timeout", &self.timeout)
            .field("ca_file", &self.ca_file)
            .field("max_in_flight", &self.max_in_flight)
            .finish_non_exhaustive()
    }
}
