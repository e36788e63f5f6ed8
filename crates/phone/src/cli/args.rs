//! The arguments of `confab phone`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use confab_sdp::Encoding;

use crate::config::{Keys, PhoneConfig};
use crate::error::PhoneError;
use crate::media::Source;
use crate::script::Script;

/// Who the phone is.
#[derive(Debug, clap::Args)]
pub(super) struct Account {
    /// The server: HOST or HOST:PORT
    #[arg(long, default_value = "127.0.0.1:5080")]
    pub(super) server: String,
    /// The user or number of this phone
    #[arg(long, default_value = "1001")]
    pub(super) user: String,
    /// The digest password; without it every challenge fails
    #[arg(long)]
    pub(super) password: Option<String>,
    /// The display name
    #[arg(long)]
    pub(super) display: Option<String>,
    /// The transport
    #[arg(long, value_enum, default_value_t = Transport::Udp)]
    pub(super) transport: Transport,
}

/// How the phone behaves in a call.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct TalkArgs {
    /// What to do once the call is up: wait S; press KEYS; hold; resume; tone HZ DBOV; wav FILE; silence;
    /// hear HZ S; hangup (DBOV, and the S of hear, may be left out)
    #[arg(long, value_name = "STEPS")]
    pub(super) script: Option<Script>,
    /// Send a tone of so many Hz at -20 dBov
    #[arg(long, value_name = "HZ", conflicts_with = "wav")]
    tone: Option<f32>,
    /// Send a WAV file
    #[arg(long, value_name = "FILE")]
    wav: Option<PathBuf>,
    /// Record what is heard into a WAV file
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// Hang up so many seconds after the answer
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(super) duration: Option<Duration>,
    /// How keys are sent
    #[arg(long, value_enum, default_value_t = KeysArg::Rfc4733)]
    keys: KeysArg,
    /// The codecs, best first
    #[arg(long, alias = "codecs", value_enum, value_delimiter = ',', default_value = "pcmu,pcma")]
    codec: Vec<Codec>,
    /// The length of RTP packets in ms
    #[arg(long, value_name = "MS", default_value_t = 20, value_parser = clap::value_parser!(u8).range(10..=60))]
    ptime: u8,
    /// Print the first line of each SIP message
    #[arg(long)]
    pub(super) trace: bool,
}

impl TalkArgs {
    /// The configuration with these habits.
    pub(super) fn apply(&self, config: PhoneConfig) -> Result<PhoneConfig, PhoneError> {
        let source = match (&self.wav, self.tone) {
            (Some(path), _) => Source::wav(path)?,
            (None, Some(hz)) => Source::tone(hz),
            (None, None) => Source::Silence,
        };
        let codecs: Vec<Encoding> = self.codec.iter().map(|codec| (*codec).into()).collect();
        Ok(config.source(source).codecs(codecs).ptime_ms(self.ptime).keys(self.keys.into()))
    }
}

/// `confab phone call`.
#[derive(Debug, clap::Args)]
pub(super) struct CallArgs {
    /// The number to call
    pub(super) number: String,
    #[command(flatten)]
    pub(super) account: Account,
    #[command(flatten)]
    pub(super) talk: TalkArgs,
    /// Register before the call
    #[arg(long, requires = "password")]
    pub(super) register: bool,
}

/// `confab phone answer`.
#[derive(Debug, clap::Args)]
pub(super) struct AnswerArgs {
    #[command(flatten)]
    pub(super) account: Account,
    #[command(flatten)]
    pub(super) talk: TalkArgs,
    /// Ring so many seconds before the answer
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "1")]
    after: Duration,
    /// Refuse calls with a status such as 486 or 603 instead
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(400..=699))]
    refuse: Option<u16>,
    /// Exit after the first call that was answered
    #[arg(long)]
    pub(super) once: bool,
}

impl AnswerArgs {
    /// What a call gets.
    pub(super) fn treatment(&self) -> Treatment {
        self.refuse.map_or(Treatment::Answer { after: self.after }, Treatment::Refuse)
    }
}

/// `confab phone gateway`.
#[derive(Debug, clap::Args)]
pub(super) struct GatewayArgs {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:5090")]
    pub(super) listen: SocketAddr,
    /// The transport
    #[arg(long, value_enum, default_value_t = Transport::Udp)]
    pub(super) transport: Transport,
    #[command(flatten)]
    pub(super) talk: TalkArgs,
    /// Ring so many seconds before the answer
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "1")]
    after: Duration,
    /// This number is busy (may be repeated)
    #[arg(long, value_name = "NUMBER")]
    busy: Vec<String>,
    /// This number is refused with a status (may be repeated)
    #[arg(long, value_name = "NUMBER=STATUS", value_parser = number_and_status)]
    refuse: Vec<(String, u16)>,
    /// This number rings and is never answered (may be repeated)
    #[arg(long, value_name = "NUMBER")]
    unanswered: Vec<String>,
}

impl GatewayArgs {
    /// What a call to `number` gets.
    pub(super) fn treatment(&self, number: &str) -> Treatment {
        let refused = self.refuse.iter().find(|(refused, _)| refused == number);
        if let Some((_, status)) = refused {
            return Treatment::Refuse(*status);
        }
        if self.busy.iter().any(|busy| busy == number) {
            return Treatment::Refuse(486);
        }
        if self.unanswered.iter().any(|unanswered| unanswered == number) {
            return Treatment::Ring;
        }
        Treatment::Answer { after: self.after }
    }
}

/// `confab phone options`.
#[derive(Debug, clap::Args)]
pub(super) struct OptionsArgs {
    /// The server: HOST or HOST:PORT
    #[arg(default_value = "127.0.0.1:5080")]
    pub(super) target: String,
}

/// What an incoming call gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// 180, and 200 after a while.
    Answer { after: Duration },
    /// A final failure.
    Refuse(u16),
    /// 180 and nothing more.
    Ring,
}

/// The transports by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Transport {
    Udp,
    Tcp,
}

impl From<Transport> for confab_sip::Transport {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Udp => Self::Udp,
            Transport::Tcp => Self::Tcp,
        }
    }
}

/// The codecs by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Codec {
    Opus,
    G722,
    Pcmu,
    Pcma,
    /// Linear PCM at 8 kHz
    L16_8000,
    /// Linear PCM at 16 kHz
    L16_16000,
    /// Linear PCM at 48 kHz
    L16_48000,
}

impl From<Codec> for Encoding {
    fn from(codec: Codec) -> Self {
        match codec {
            Codec::Opus => Self::Opus,
            Codec::G722 => Self::G722,
            Codec::Pcmu => Self::Pcmu,
            Codec::Pcma => Self::Pcma,
            Codec::L16_8000 => Self::L16 { rate: 8000 },
            Codec::L16_16000 => Self::L16 { rate: 16_000 },
            Codec::L16_48000 => Self::L16 { rate: 48_000 },
        }
    }
}

/// The ways to send keys by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KeysArg {
    /// RTP telephone-event
    Rfc4733,
    /// SIP INFO
    Info,
    /// Tones in the audio
    Inband,
    /// telephone-event and INFO for the same key
    Both,
}

impl From<KeysArg> for Keys {
    fn from(keys: KeysArg) -> Self {
        match keys {
            KeysArg::Rfc4733 => Self::Rfc4733,
            KeysArg::Info => Self::Info,
            KeysArg::Inband => Self::InBand,
            KeysArg::Both => Self::Both,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text:?} is no number of seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn number_and_status(text: &str) -> Result<(String, u16), String> {
    let (number, status) = text.split_once('=').ok_or("NUMBER=STATUS, such as 10099=603")?;
    match status.parse() {
        Ok(status @ 400..=699) => Ok((number.into(), status)),
        _ => Err(format!("{status:?} is no status from 400 to 699")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Gateway {
        #[command(flatten)]
        args: GatewayArgs,
    }

    #[test]
    fn each_number_of_a_gateway_gets_its_treatment() {
        let line = ["gateway", "--busy", "1", "--refuse", "2=603", "--unanswered", "3", "--after", "0.5"];
        let args = Gateway::parse_from(line).args;
        assert_eq!(args.treatment("1"), Treatment::Refuse(486));
        assert_eq!(args.treatment("2"), Treatment::Refuse(603));
        assert_eq!(args.treatment("3"), Treatment::Ring);
        assert_eq!(args.treatment("4"), Treatment::Answer { after: Duration::from_millis(500) });
    }

    #[test]
    fn each_codec_has_a_name() {
        let names = "opus,l16-48000,g722,l16-16000,pcmu,pcma,l16-8000";
        let args = Gateway::parse_from(["gateway", "--codec", names]).args;
        let config = args.talk.apply(PhoneConfig::listening(args.listen)).unwrap();
        assert_eq!(config.codecs, Encoding::ALL);
    }

    #[test]
    fn a_bad_status_or_script_is_refused() {
        for line in
            [["gateway", "--refuse", "2=200"], ["gateway", "--script", "dance"], ["gateway", "--ptime", "5"]]
        {
            assert!(Gateway::try_parse_from(line).is_err(), "{line:?}");
        }
    }
}
