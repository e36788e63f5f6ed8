//! Framing of messages on a stream (RFC 3261 §18.3, RFC 5626 §3.5.1).

use bytes::{Buf, Bytes, BytesMut};

use crate::message::reader::{MAX_BODY, MAX_HEAD, head_end, stream_content_length};

/// What was cut out of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One whole message, for [`Message::parse`](crate::Message::parse).
    Message(Bytes),
    /// CRLFCRLF between messages: answer CRLF.
    Ping,
}

/// The stream cannot be followed any further: close it, after a 400 when the head can be answered.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The head is larger than the limit.
    #[error("head too large")]
    HeadTooLarge,
    /// The body is larger than the limit. Holds the head, to be answered.
    #[error("body too large")]
    BodyTooLarge(Bytes),
    /// Content-Length is missing, no number, or given twice with different values. Holds the head, to be answered.
    #[error("no usable Content-Length")]
    ContentLength(Bytes),
}

impl StreamError {
    /// The head to be answered, by [`Input::Unframed`](crate::Input::Unframed).
    pub fn into_head(self) -> Option<Bytes> {
        match self {
            Self::BodyTooLarge(head) | Self::ContentLength(head) => Some(head),
            Self::HeadTooLarge => None,
        }
    }
}

/// Cuts messages out of a stream of bytes. It holds what was pushed and not yet taken, and allots nothing ahead,
/// whatever length a head claims.
#[derive(Debug, Default)]
pub struct StreamReader {
    buffer: BytesMut,
    /// Bytes of the buffer in which no head ends.
    searched: usize,
    /// Size of the frame at the start of the buffer, once its head was read.
    frame: Option<usize>,
    /// The last bytes taken were a CRLF between messages.
    after_line_end: bool,
}

impl StreamReader {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what the socket gave.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame; `None`: more bytes are needed.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end where this one waits for bytes")]
    pub fn next(&mut self) -> Result<Option<Frame>, StreamError> {
        if self.frame.is_none() && self.takes_ping() {
            return Ok(Some(Frame::Ping));
        }
        let size = match self.frame {
            Some(size) => size,
            None => match self.measure()? {
                Some(size) => *self.frame.insert(size),
                None => return Ok(None),
            },
        };
        Ok((self.buffer.len() >= size).then(|| self.take(size)))
    }

    /// Bytes held: the start of a frame that is not yet whole.
    pub fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// Drops the line ends between messages; true once there were two of them in a row.
    fn takes_ping(&mut self) -> bool {
        while self.buffer.starts_with(b"\r\n") {
            self.buffer.advance(2);
            self.after_line_end = !self.after_line_end;
            if !self.after_line_end {
                return true;
            }
        }
        self.after_line_end &= self.buffer.is_empty() || *self.buffer == b"\r"[..];
        false
    }

    /// The size of the frame at the start, when its head is there.
    fn measure(&mut self) -> Result<Option<usize>, StreamError> {
        let Some(head) = head_end(&self.buffer, self.searched) else {
            self.searched = self.buffer.len();
            return if self.buffer.len() > MAX_HEAD { Err(StreamError::HeadTooLarge) } else { Ok(None) };
        };
        if head > MAX_HEAD {
            return Err(StreamError::HeadTooLarge);
        }
        match stream_content_length(&self.buffer[..head]) {
            Some(length) if length <= MAX_BODY => Ok(Some(head + length)),
            Some(_) => Err(StreamError::BodyTooLarge(self.buffer.split_to(head).freeze())),
            None => Err(StreamError::ContentLength(self.buffer.split_to(head).freeze())),
        }
    }

    fn take(&mut self, size: usize) -> Frame {
        self.frame = None;
        self.searched = 0;
        Frame::Message(self.buffer.split_to(size).freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bK1\r\n";

    fn message(body: &str) -> String {
        format!("{HEAD}l: {}\r\n\r\n{body}", body.len())
    }

    fn frames(chunks: impl Iterator<Item = impl AsRef<[u8]>>) -> Vec<Frame> {
        let (mut reader, mut frames) = (StreamReader::new(), Vec::new());
        for chunk in chunks {
            reader.push(chunk.as_ref());
            while let Some(frame) = reader.next().unwrap() {
                frames.push(frame);
            }
        }
        assert_eq!(reader.pending(), 0);
        frames
    }

    #[test]
    fn any_cut_gives_the_same_frames() {
        let text =
            format!("\r\n{}\r\n\r\n{}{}\r\n\r\n\r\n\r\n", message("v=0\r\n\r\n"), message(""), message("x"));
        let whole = frames(std::iter::once(&text));
        let expected =
            [message("v=0\r\n\r\n"), message(""), message("x")].map(|text| Frame::Message(text.into()));
        let [one, two, three] = expected;
        assert_eq!(whole, [one, Frame::Ping, two, three, Frame::Ping, Frame::Ping]);
        for size in [1, 2, 3, 7, 100] {
            assert_eq!(frames(text.as_bytes().chunks(size)), whole, "chunks of {size}");
        }
    }

    #[test]
    fn a_stream_that_cannot_be_followed() {
        let error = |text: &str| {
            let mut reader = StreamReader::new();
            reader.push(text.as_bytes());
            reader.next().unwrap_err()
        };
        for line in [
            "",
            "l: -1\r\n",
            "l: 1\r\nContent-Length: 2\r\n",
            "l: 1x\r\n",
            "l:\r\n",
            "l: 99999999999999999999\r\n",
        ] {
            let head = format!("{HEAD}{line}\r\n");
            assert_eq!(error(&head), StreamError::ContentLength(head.clone().into()), "{line}");
        }
        let head = format!("{HEAD}l: 2000000000\r\n\r\n");
        assert_eq!(error(&head), StreamError::BodyTooLarge(head.clone().into()));
        assert_eq!(error(&"x".repeat(MAX_HEAD + 1)), StreamError::HeadTooLarge);
        assert_eq!(error(&format!("{}\r\n\r\n", "x".repeat(MAX_HEAD))), StreamError::HeadTooLarge);
    }

    #[test]
    fn a_claimed_length_allots_nothing() {
        let mut reader = StreamReader::new();
        reader.push(format!("{HEAD}l: {MAX_BODY}\r\n\r\n").as_bytes());
        assert_eq!(reader.next(), Ok(None));
        assert!(reader.buffer.capacity() < 1024);
    }
}
