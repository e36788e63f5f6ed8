use confab_sip::{Frame, StreamError, StreamReader};

#[test]
fn stream() {
    confab_fuzz::run("../crates/sip/tests/torture", target);
}

/// The frames do not depend on how the stream was cut.
fn target(input: &[u8]) {
    let whole = frames(input, input.len().max(1));
    let size = 1 + input.len() % 61;
    assert_eq!(frames(input, size), whole, "cut into pieces of {size}");
}

fn frames(input: &[u8], size: usize) -> (Vec<Frame>, Option<StreamError>) {
    let (mut reader, mut frames) = (StreamReader::new(), Vec::new());
    for chunk in input.chunks(size) {
        reader.push(chunk);
        loop {
            match reader.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}
