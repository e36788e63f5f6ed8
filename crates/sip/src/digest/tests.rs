use std::time::{Duration, Instant};

use super::*;
use crate::message::{Method, Request};

const RFC7616_CNONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
const SEED: [u8; 32] = [7; 32];

#[expect(clippy::disallowed_methods, reason = "the one base that all virtual time counts from")]
fn base() -> Instant {
    Instant::now()
}

fn rfc7616(algorithm: &str) -> Challenge {
    format!(
        "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
         nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
    )
    .parse()
    .unwrap()
}

fn answer(challenge: &Challenge, password: &str, cnonce: &str) -> Credentials {
    challenge.answer("GET", "/dir/index.html", "Mufasa", &Secret::new(password), cnonce, 1).unwrap()
}

#[test]
fn vectors_of_rfc_7616() {
    let vectors = [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ];
    for (algorithm, response) in vectors {
        let credentials = answer(&rfc7616(algorithm), "Circle of Life", RFC7616_CNONCE);
        assert_eq!(credentials.response, response, "{algorithm}");
        assert_eq!(credentials.nc.as_deref(), Some("00000001"));
    }
}

#[test]
fn vectors_of_rfc_2617_and_without_qop() {
    let mut challenge: Challenge = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
        nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
        .parse()
        .unwrap();
    assert_eq!(answer(&challenge, "Circle Of Life", "0a4f113b").response, "6629fae49393a05397450978507c4ef1");
    challenge.qop = None;
    let legacy = answer(&challenge, "Circle Of Life", "0a4f113b");
    assert_eq!(legacy.response, "670fd8c2df070c60b045671b8b24ff02");
    assert_eq!((legacy.qop, legacy.nc, legacy.cnonce), (None, None, None));
}

#[test]
fn challenges_that_we_cannot_answer() {
    for fields in ["algorithm=SHA-512-256, qop=\"auth\"", "algorithm=MD5-sess", "qop=\"auth-int\""] {
        let challenge: Challenge = format!("Digest realm=\"r\", nonce=\"n\", {fields}").parse().unwrap();
        assert_eq!(challenge.answer("BYE", "sip:a@b", "u", &Secret::new("p"), "c", 1), None, "{fields}");
    }
    for text in
        ["Basic realm=\"r\"", "Digest nonce=\"n\"", "Digest", "Digest realm=\"r\", realm=\"s\", nonce=\"n\""]
    {
        assert!(text.parse::<Challenge>().is_err(), "{text}");
    }
}

#[test]
fn what_is_written_reads_back() {
    let challenge = Challenge { stale: true, realm: "a \"b\" \\ c".into(), ..rfc7616("SHA-256") };
    assert_eq!(challenge.to_string().parse(), Ok(challenge.clone()));
    let credentials = Credentials { username: "x, y=\"z\"".into(), ..answer(&challenge, "p", "c") };
    assert_eq!(credentials.to_string().parse(), Ok(credentials));
}

#[test]
fn a_secret_is_never_printed() {
    assert!(!format!("{:?}", Secret::new("hunter2")).contains("hunter2"));
}

/// A verifier with one user, and a client that answers its challenges.
struct Pair {
    now: Instant,
    verifier: Verifier,
    secret: Secret,
}

impl Pair {
    fn new() -> Self {
        Self {
            now: base(),
            verifier: Verifier::new("confab", Algorithm::ALL.to_vec(), SEED),
            secret: Secret::new("s3cret"),
        }
    }

    fn challenge(&mut self, algorithm: Algorithm) -> Challenge {
        let mut challenges = self.verifier.challenges(self.now, false).into_iter();
        challenges.find(|challenge| challenge.algorithm() == Some(algorithm)).unwrap()
    }

    fn verify(&mut self, credentials: impl ToString) -> Verdict {
        let mut request = Request::new(Method::Register, "sip:confab");
        request.headers.push(header::AUTHORIZATION, credentials.to_string());
        let secret = &self.secret;
        self.verifier.verify(self.now, &request, |user| (user == "1004").then_some(secret))
    }
}

use crate::message::header;

fn credentials(challenge: &Challenge, user: &str, password: &str, nc: u32) -> Credentials {
    challenge.answer("REGISTER", "sip:confab", user, &Secret::new(password), "c0ffee", nc).unwrap()
}

fn ok() -> Verdict {
    Verdict::Ok("1004".into())
}

#[test]
fn both_algorithms_are_offered_the_stronger_first() {
    let mut pair = Pair::new();
    let offered: Vec<_> =
        pair.verifier.challenges(pair.now, true).iter().map(|one| one.algorithm().unwrap()).collect();
    assert_eq!(offered, [Algorithm::Sha256, Algorithm::Md5]);
    for algorithm in offered {
        let challenge = pair.challenge(algorithm);
        assert_eq!(pair.verify(credentials(&challenge, "1004", "s3cret", 1)), ok());
    }
}

#[test]
fn the_count_must_rise() {
    let mut pair = Pair::new();
    let challenge = pair.challenge(Algorithm::Sha256);
    for (nc, verdict) in
        [(1, ok()), (1, Verdict::Stale), (2, ok()), (0x10, ok()), (3, Verdict::Stale), (0x11, ok())]
    {
        assert_eq!(pair.verify(credentials(&challenge, "1004", "s3cret", nc)), verdict, "nc {nc}");
    }
    let fresh = pair.challenge(Algorithm::Sha256);
    assert_eq!(pair.verify(credentials(&fresh, "1004", "s3cret", 0)), Verdict::Stale);
}

#[test]
fn a_nonce_lives_for_a_minute() {
    let mut pair = Pair::new();
    let challenge = pair.challenge(Algorithm::Sha256);
    pair.now += Duration::from_secs(60);
    assert_eq!(pair.verify(credentials(&challenge, "1004", "s3cret", 1)), ok());
    pair.now += Duration::from_millis(1);
    assert_eq!(pair.verify(credentials(&challenge, "1004", "s3cret", 2)), Verdict::Stale);
    assert_eq!(pair.verify(credentials(&challenge, "1004", "wrong", 2)), Verdict::Refused);
}

#[test]
fn a_foreign_nonce_is_stale_and_never_accepted() {
    let mut pair = Pair::new();
    let genuine = pair.challenge(Algorithm::Sha256);
    let mut other_realm = Verifier::new("elsewhere", Algorithm::ALL.to_vec(), SEED);
    let foreign = other_realm.challenges(pair.now, false).remove(0).nonce;
    let forged = genuine.nonce.replace(&genuine.nonce[..3], "001");
    for nonce in [foreign, forged, String::new(), "ü".repeat(24), "f".repeat(48)] {
        let challenge = Challenge { nonce, ..genuine.clone() };
        assert_eq!(pair.verify(credentials(&challenge, "1004", "s3cret", 1)), Verdict::Stale);
    }
}

#[test]
fn wrong_users_and_passwords_get_the_same_answer() {
    let mut pair = Pair::new();
    let challenge = pair.challenge(Algorithm::Md5);
    assert_eq!(pair.verify(credentials(&challenge, "1004", "wrong", 1)), Verdict::Refused);
    assert_eq!(pair.verify(credentials(&challenge, "nobody", "s3cret", 1)), Verdict::Refused);
    // A failed try does not use the nonce up.
    assert_eq!(pair.verify(credentials(&challenge, "1004", "s3cret", 1)), ok());
}

#[test]
fn credentials_for_others_count_as_none() {
    let mut pair = Pair::new();
    let challenge = Challenge { realm: "elsewhere".into(), ..pair.challenge(Algorithm::Md5) };
    assert_eq!(pair.verify(credentials(&challenge, "1004", "s3cret", 1)), Verdict::Missing);
    assert_eq!(pair.verify("NoOneKnowsThisScheme opaque-data=here"), Verdict::Missing);
    assert_eq!(pair.verify("Digest username=\"1004"), Verdict::Missing);
}

#[test]
fn credentials_without_the_protection_of_qop_are_refused() {
    let mut pair = Pair::new();
    let challenge = Challenge { qop: None, ..pair.challenge(Algorithm::Md5) };
    assert_eq!(pair.verify(credentials(&challenge, "1004", "s3cret", 1)), Verdict::Refused);
}

#[test]
fn the_table_of_used_nonces_is_bounded_and_forgetting_is_not_forgiving() {
    let mut pair = Pair::new();
    let first = pair.challenge(Algorithm::Md5);
    assert_eq!(pair.verify(credentials(&first, "1004", "s3cret", 1)), ok());
    for _ in 0..16_500 {
        let challenge = pair.challenge(Algorithm::Md5);
        assert_eq!(pair.verify(credentials(&challenge, "1004", "s3cret", 1)), ok());
    }
    assert_eq!(pair.verify(credentials(&first, "1004", "s3cret", 1)), Verdict::Stale);
}

#[test]
fn an_algorithm_that_is_switched_off_is_neither_offered_nor_taken() {
    let mut pair = Pair::new();
    let md5 = pair.challenge(Algorithm::Md5);
    pair.verifier = Verifier::new("confab", vec![Algorithm::Sha256], SEED);
    let offered: Vec<_> =
        pair.verifier.challenges(pair.now, false).iter().map(Challenge::algorithm).collect();
    assert_eq!(offered, [Some(Algorithm::Sha256)]);
    assert_eq!(pair.verify(credentials(&md5, "1004", "s3cret", 1)), Verdict::Missing);
}
