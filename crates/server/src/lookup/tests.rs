use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use confab_conference::MemberFlag;
use proptest::prelude::*;
use tokio::sync::mpsc::UnboundedReceiver;

use super::*;

/// What the server was sent: the first line, the header fields and the body.
type Request = (String, Vec<String>, String);

/// Serves each connection by `reply`; gives its address and what it is asked.
fn server(reply: impl Fn(&mut TcpStream) + Send + 'static) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/calls", listener.local_addr().unwrap());
    let (asked, requests) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if let Some(request) = request(&stream) {
                _ = asked.send(request);
            }
            reply(&mut stream);
        }
    });
    (url, requests)
}

fn request(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let fields: Vec<String> =
        reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let length =
        fields.iter().find_map(|field| field.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some((first.trim_end().to_owned(), fields, String::from_utf8(body).ok()?))
}

fn says(status: &'static str, body: &str) -> impl Fn(&mut TcpStream) + Send + use<> {
    let length = body.len();
    let reply = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    move |stream| drop(stream.write_all(reply.as_bytes()))
}

fn config(url: &str) -> LookupConfig {
    LookupConfig {
        url: url.to_owned(),
        post: true,
        timeout: Duration::from_secs(5),
        bearer: Some("s3cret".into()),
        headers: vec![("X-Site".into(), "berlin".into())],
        ca_file: None,
        max_in_flight: 2,
    }
}

fn lookups(config: LookupConfig) -> (Lookups, UnboundedReceiver<Answer>) {
    let (answers, received) = tokio::sync::mpsc::unbounded_channel();
    (Lookups::new([("crm".to_owned(), config)].into(), answers).unwrap(), received)
}

fn question(leg: u64) -> Question {
    let caller = Caller {
        number: "+49 170".into(),
        name: Some("Ä & \"B\"".into()),
        gateway: Some("trunk".into()),
        address: Some([192, 0, 2, 7].into()),
        pin: Some("4711".parse().unwrap()),
        ..Caller::default()
    };
    Question { leg: LegId(leg), lookup: "crm".into(), caller, dialled: "2000".into() }
}

async fn decide(config: LookupConfig) -> Result<Decision, String> {
    let (lookups, mut answers) = lookups(config);
    lookups.ask(question(7));
    let answer = answers.recv().await.unwrap();
    assert_eq!(answer.leg, LegId(7));
    answer.decision
}

#[tokio::test]
async fn an_answer_decides_room_role_and_pin() {
    let answer = r#"{"room": "board", "role": "guest", "profile": null, "pin": "0815", "flags": ["mute"], "name": "Bo"}"#;
    let (url, requests) = server(says("200 OK", answer));
    let decision = decide(config(&url)).await.unwrap();
    assert_eq!(decision.room, Some("board".parse().unwrap()));
    assert_eq!(
        (decision.role.as_deref(), decision.profile, decision.name.as_deref()),
        (Some("guest"), None, Some("Bo"))
    );
    assert_eq!(decision.pin, Some("0815".parse().unwrap()));
    assert_eq!((decision.flags, decision.reject), ([MemberFlag::Mute].into(), None));

    let (line, fields, body) = requests.recv().unwrap();
    assert_eq!(line, "POST /calls HTTP/1.1");
    for field in ["authorization: Bearer s3cret", "x-site: berlin", "content-type: application/json"] {
        assert!(fields.iter().any(|sent| sent.eq_ignore_ascii_case(field)), "{field}: {fields:?}");
    }
    let asked: Value = serde_json::from_str(&body).unwrap();
    let facts = serde_json::json!({
        "caller": "+49 170", "name": "Ä & \"B\"", "gateway": "trunk", "source": "192.0.2.7", "dialled": "2000", "pin": true
    });
    assert_eq!(asked, facts);
}

#[tokio::test]
async fn a_get_asks_in_the_query_and_never_with_the_pin() {
    let (url, requests) = server(says("204 No Content", ""));
    let asked = LookupConfig { post: false, ..config(&format!("{url}?site=1")) };
    assert_eq!(decide(asked).await, Ok(Decision::default()));
    let (line, _, body) = requests.recv().unwrap();
    let query =
        "caller=%2B49%20170&dialled=2000&gateway=trunk&name=%C3%84%20%26%20%22B%22&pin=true&source=192.0.2.7";
    assert_eq!(line, format!("GET /calls?site=1&{query} HTTP/1.1"));
    assert_eq!(body, "");
}

#[tokio::test]
async fn a_caller_may_be_rejected() {
    let (url, _requests) = server(says("200 OK", r#"{"reject": 603}"#));
    assert_eq!(decide(config(&url)).await.unwrap().reject, Some(603));
}

#[tokio::test]
async fn whatever_is_no_answer_is_a_failure_that_says_why() {
    let padded = format!("{{}}{}", " ".repeat(70_000));
    for (status, body, why) in [
        ("200 OK", "<html>", "the answer is no JSON: "),
        ("200 OK", "[]", "the answer is no JSON object"),
        ("200 OK", r#"{"pim": "1"}"#, "\"pim\" is no key of an answer"),
        ("200 OK", r#"{"pin": 1234}"#, "\"pin\" is no string"),
        ("200 OK", r#"{"pin": "12x"}"#, "\"pin\" is no PIN"),
        ("200 OK", r#"{"flags": ["mute", "loud"]}"#, "\"flags\" has \"loud\", which is no member flag"),
        ("200 OK", r#"{"room": "../x"}"#, "\"room\" is no name of a room"),
        ("200 OK", r#"{"reject": 200}"#, "\"reject\" is no SIP status from 400 to 699"),
        ("200 OK", &padded, "the response body is larger than request limit: 65536"),
        ("500 Internal Server Error", "{}", "the server says 500 Internal Server Error"),
        ("302 Found\r\nLocation: http://127.0.0.1:1/", "{}", "the server says 302 Found"),
    ] {
        let (url, _requests) = server(says(status, body));
        let error = decide(config(&url)).await.unwrap_err();
        assert!(error.starts_with(why), "{error}, not {why}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_hangs_up_is_a_failure() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(decide(config(&format!("http://{closed}/"))).await.is_err());
    let (url, _requests) = server(|_| {});
    assert!(decide(config(&url)).await.is_err());
    let error = decide(LookupConfig { url: "ftp://127.0.0.1/".into(), ..config("") }).await.unwrap_err();
    assert!(!error.is_empty());
}

#[tokio::test]
async fn a_slow_server_is_given_up_and_holds_up_nobody() {
    let (url, _requests) = server(|stream| {
        _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{");
        thread::park_timeout(Duration::from_secs(20));
    });
    let (lookups, mut answers) =
        lookups(LookupConfig { timeout: Duration::from_millis(300), max_in_flight: 1, ..config(&url) });
    let begun = Instant::now();
    lookups.ask(question(1));
    lookups.ask(question(2));
    assert!(begun.elapsed() < Duration::from_millis(200), "asking does not wait");
    let refused = answers.recv().await.unwrap();
    assert_eq!((refused.leg, refused.decision), (LegId(2), Err("too many questions are open".into())));
    let late = answers.recv().await.unwrap();
    assert!(late.leg == LegId(1) && late.decision.unwrap_err().contains("timeout"));
    assert!((Duration::from_millis(300)..Duration::from_secs(5)).contains(&begun.elapsed()));
    lookups.ask(question(3));
    assert!(
        answers.recv().await.unwrap().decision.unwrap_err().contains("timeout"),
        "its turn is free again"
    );
}

#[tokio::test]
async fn an_unknown_look_up_is_a_failure() {
    let (lookups, mut answers) = lookups(config("http://127.0.0.1:1/"));
    lookups.ask(Question { lookup: "other".into(), ..question(1) });
    assert_eq!(answers.recv().await.unwrap().decision, Err("there is no look-up other".into()));
}

#[test]
fn certificates_that_cannot_be_read_are_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (answers, _) = tokio::sync::mpsc::unbounded_channel();
    let config = LookupConfig { ca_file: Some(file.path().into()), ..config("https://127.0.0.1/") };
    let error = Lookups::new([("crm".to_owned(), config)].into(), answers).unwrap_err().to_string();
    assert!(
        error.contains(&file.path().display().to_string())
            && error.ends_with("there is no certificate in it")
    );
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        _ = answer::read(&body);
    }

    #[test]
    fn no_value_makes_it_panic(key in "room|profile|role|pin|flags|name|reject|x", value in "[\\[\\]{}\":0-9a-z.,-]{0,30}") {
        _ = answer::read(format!("{{\"{key}\": {value}}}").as_bytes());
    }
}
