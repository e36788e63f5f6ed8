//! A writer of XML: elements, attributes and texts, all escaped.

use std::fmt::Write;

/// A document, or a part of one, that is being written.
#[derive(Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    /// `<name attribute="value">`, what `inner` writes, and the end.
    pub(super) fn element(&mut self, name: &str, attributes: &[(&str, &str)], inner: impl FnOnce(&mut Self)) {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            self.0.push(' ');
            self.0.push_str(attribute);
            self.0.push_str("=\"");
            self.escape(value);
            self.0.push('"');
        }
        self.0.push('>');
        inner(self);
        let _ = write!(self.0, "</{name}>");
    }

    /// An element with a text in it.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.element(name, &[], |xml| xml.escape(text));
    }

    /// What is written already.
    pub(super) fn raw(&mut self, xml: &str) {
        self.0.push_str(xml);
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }

    /// Characters that XML 1.0 cannot hold are left out.
    fn escape(&mut self, text: &str) {
        for char in text.chars() {
            match char {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\t' | '\n' => self.0.push(' '),
                char if char.is_control() || matches!(char, '\u{fffe}' | '\u{ffff}') => {}
                char => self.0.push(char),
            }
        }
    }
}
