//! What of a caller's text may go on: into other messages, logs, file names.

use crate::endpoint::{Caller, Identity};
use crate::message::{NameAddr, Uri};

const USER_LENGTH: usize = 32;
const TEXT_LENGTH: usize = 64;

/// Who calls, by a From.
pub(crate) fn caller(from: &NameAddr) -> Caller {
    Caller {
        user: user(&from.uri),
        display: from.display.as_deref().and_then(text),
        host: from.uri.host.to_string().chars().filter(|c| c.is_ascii_graphic()).take(255).collect(),
    }
}

/// The identity with nothing in it that a peer could misread.
pub(crate) fn identity(identity: &Identity) -> Identity {
    Identity { display: identity.display.as_deref().and_then(text), user: number(&identity.user) }
}

/// The characters of a number or user name that are safe anywhere: `[0-9A-Za-z+*#._-]{1,32}`, or `anonymous`.
pub(crate) fn number(raw: &str) -> String {
    let cleaned: String = raw.chars().filter(|c| is_safe(*c)).take(USER_LENGTH).collect();
    if cleaned.is_empty() { "anonymous".to_owned() } else { cleaned }
}

/// Printable text of at most 64 characters on one line, without marks that change the direction of writing.
pub(crate) fn text(raw: &str) -> Option<String> {
    let cleaned: String = raw.chars().filter(|c| is_printable(*c)).take(TEXT_LENGTH).collect();
    let cleaned = cleaned.trim();
    (!cleaned.is_empty()).then(|| cleaned.to_owned())
}

fn user(uri: &Uri) -> String {
    number(&uri.unescaped_user().unwrap_or_default())
}

fn is_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+*#._-".contains(c)
}

fn is_printable(c: char) -> bool {
    let invisible = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffd}' | '\u{61c}' | '\u{ad}');
    !c.is_control() && !invisible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_only_what_is_safe_anywhere() {
        let table = [
            ("1004", "1004"),
            ("+49-30.12_3*#", "+49-30.12_3*#"),
            ("1,a=b}", "1ab"),
            ("../x", "..x"),
            ("%n$(id)", "nid"),
            ("", "anonymous"),
            ("\u{202e}", "anonymous"),
            ("0123456789012345678901234567890123456789", "01234567890123456789012345678901"),
        ];
        for (raw, cleaned) in table {
            assert_eq!(number(raw), cleaned, "{raw:?}");
        }
    }

    #[test]
    fn a_display_name_is_one_printable_line() {
        assert_eq!(text("Jörg \u{1b}[31mMüller\r\n").as_deref(), Some("Jörg [31mMüller"));
        assert_eq!(text("a\u{202e}b\u{0}c").as_deref(), Some("abc"));
        assert_eq!(text(" \u{7} "), None);
        assert_eq!(text(&"x".repeat(100)).map(|text| text.len()), Some(64));
    }
}
