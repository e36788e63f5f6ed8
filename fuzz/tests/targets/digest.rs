use std::time::Instant;

use confab_sip::{Algorithm, Challenge, Credentials, Method, Request, Secret, Verdict, Verifier, header};

#[test]
fn digest() {
    let now = Instant::now();
    confab_fuzz::run("corpus/digest", |input| target(now, input));
}

/// What is read reads back when written, and nobody gets in.
fn target(now: Instant, input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let secret = Secret::new("1234");
    if let Ok(challenge) = text.parse::<Challenge>() {
        assert_eq!(challenge.to_string().parse(), Ok(challenge.clone()));
        let _ = challenge.answer("INVITE", "sip:a@b", "1004", &secret, "c", 1);
    }
    if let Ok(credentials) = text.parse::<Credentials>() {
        assert_eq!(credentials.to_string().parse(), Ok(credentials));
    }
    let mut request = Request::new(Method::Register, "sip:example.com");
    request.headers.push(header::AUTHORIZATION, &text);
    let mut verifier = Verifier::new("example.com", vec![Algorithm::Sha256, Algorithm::Md5], [1; 32]);
    let verdict = verifier.verify(now, &request, |_| Some(&secret));
    assert!(!matches!(verdict, Verdict::Ok(_)));
}
