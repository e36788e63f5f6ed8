//! Lua scripts, as far as they are a row of calls with literal arguments: what such a script does becomes the steps that a
//! dialplan would do. No loop, branch or function is understood; a script with one is followed up to it.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Step;
use crate::import::note::Spot;

/// Calls within calls.
const MAX_DEPTH: usize = 16;
/// Bytes of one value.
const MAX_VALUE: usize = 16_384;

/// What a script does, and what it could not be followed into.
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
    pub(super) unknown: Option<(Spot, String)>,
}

/// Follows a script.
pub(super) fn follow(file: &Rc<str>, text: &str) -> Script {
    let mut follower = Follower {
        file: Rc::clone(file),
        tokens: tokens(text),
        at: 0,
        depth: 0,
        variables: BTreeMap::new(),
        steps: Vec::new(),
    };
    let unknown = follower.run().err().map(|why| (follower.spot(), why));
    Script { steps: follower.steps, unknown }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    Text(String),
    Symbol(char),
    /// `..`
    Join,
}

struct Follower {
    file: Rc<str>,
    /// Each with its line.
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
    variables: BTreeMap<String, String>,
    steps: Vec<Step>,
}

impl Follower {
    fn run(&mut self) -> Result<(), String> {
        while self.at < self.tokens.len() {
            self.statement()?;
        }
        Ok(())
    }

    fn spot(&self) -> Spot {
        let line = self.tokens.get(self.at).or_else(|| self.tokens.last()).map_or(1, |(_, line)| *line);
        Spot { file: Rc::clone(&self.file), line }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn take(&mut self, symbol: char) -> bool {
        let there = self.peek() == Some(&Token::Symbol(symbol));
        self.at += usize::from(there);
        there
    }

    fn name(&mut self) -> Result<String, String> {
        match self.peek() {
            Some(Token::Name(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err("this is not understood".into()),
        }
    }

    /// `[local] name = value`, or a call.
    fn statement(&mut self) -> Result<(), String> {
        if self.take(';') {
            return Ok(());
        }
        let spot = self.spot();
        let mut name = self.name()?;
        if name == "local" {
            name = self.name()?;
        }
        if ["if", "for", "while", "repeat", "function", "return", "goto"].contains(&name.as_str()) {
            self.at -= 1;
            return Err(format!("`{name}` is not understood"));
        }
        if self.take('=') {
            let value = self.value()?;
            self.variables.insert(name, value);
            return Ok(());
        }
        self.call(name, &spot).map(drop)
    }

    /// Values with `..` between them.
    fn value(&mut self) -> Result<String, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("too deep".into());
        }
        let mut value = self.term()?;
        while self.peek() == Some(&Token::Join) {
            self.at += 1;
            value += &self.term()?;
            if value.len() > MAX_VALUE {
                return Err("a text that is too long".into());
            }
        }
        self.depth -= 1;
        Ok(value)
    }

    fn term(&mut self) -> Result<String, String> {
        if let Some(Token::Text(text)) = self.peek() {
            let text = text.clone();
            self.at += 1;
            return Ok(text);
        }
        let spot = self.spot();
        let name = self.name()?;
        if matches!(self.peek(), Some(Token::Symbol(':' | '.' | '('))) {
            return self.call(name, &spot);
        }
        let known = self.variables.get(&name).cloned();
        known.ok_or_else(|| format!("the value of `{name}` is not known"))
    }

    /// `object:method(…)` or `object.function(…)`, of which `object` has been read.
    fn call(&mut self, object: String, spot: &Spot) -> Result<String, String> {
        let mut function = object.clone();
        if self.take(':') || self.take('.') {
            function = self.name()?;
        }
        if !self.take('(') {
            return Err(format!("`{object}` is not understood"));
        }
        if function == "consoleLog" || object == "print" {
            self.skip_arguments();
            return Ok(String::new());
        }
        let arguments = self.arguments()?;
        self.perform(&object, &function, arguments, spot)
    }

    fn arguments(&mut self) -> Result<Vec<String>, String> {
        let mut arguments = Vec::new();
        while !self.take(')') {
            arguments.push(self.value()?);
            if !self.take(',') && self.peek() != Some(&Token::Symbol(')')) {
                return Err("this is not understood".into());
            }
        }
        Ok(arguments)
    }

    /// What is written to the log does not matter.
    fn skip_arguments(&mut self) {
        let mut open = 1;
        while let (true, Some(token)) = (open > 0, self.peek()) {
            match token {
                Token::Symbol('(') => open += 1,
                Token::Symbol(')') => open -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn perform(
        &mut self,
        object: &str,
        function: &str,
        arguments: Vec<String>,
        spot: &Spot,
    ) -> Result<String, String> {
        let argument = |index: usize| arguments.get(index).cloned().unwrap_or_default();
        let (application, data) = match (object, function) {
            (_, "API" | "setAutoHangup") => return Ok(String::new()),
            (_, "getVariable") => return Ok(format!("${{{}}}", argument(0))),
            (_, "getGlobalVariable") => return Ok(format!("$${{{}}}", argument(0))),
            ("string", "format") => return format(&arguments),
            ("session", "answer") => ("answer".to_owned(), String::new()),
            ("session", "preAnswer") => ("pre_answer".to_owned(), String::new()),
            ("session", "hangup") => ("hangup".to_owned(), String::new()),
            ("session", "sleep") => ("sleep".to_owned(), argument(0)),
            ("session", "streamFile") => ("playback".to_owned(), argument(0)),
            ("session", "setVariable") => ("set".to_owned(), format!("{}={}", argument(0), argument(1))),
            ("session", "execute") => (argument(0), argument(1)),
            (_, "execute") => ("api".to_owned(), format!("{} {}", argument(0), argument(1))),
            (_, "executeString") => ("api".to_owned(), argument(0)),
            _ => return Err(format!("`{object}:{function}` is not understood")),
        };
        self.steps.push(Step { application, data, spot: spot.clone() });
        Ok(String::new())
    }
}

/// `string.format` with `%s` and `%d`.
fn format(arguments: &[String]) -> Result<String, String> {
    let (pattern, values) = arguments.split_first().ok_or("a format is missing")?;
    let mut values = values.iter();
    let mut text = String::new();
    let mut symbols = pattern.chars();
    while let Some(symbol) = symbols.next() {
        match (symbol, (symbol == '%').then(|| symbols.next()).flatten()) {
            ('%', Some('%')) => text.push('%'),
            ('%', Some('s' | 'd')) => text.push_str(values.next().map_or("", String::as_str)),
            ('%', _) => return Err("a format is not understood".into()),
            _ => text.push(symbol),
        }
        if text.len() > MAX_VALUE {
            return Err("a text that is too long".into());
        }
    }
    Ok(text)
}

fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut scanner = Scanner { rest: text, line: 1 };
    std::iter::from_fn(|| scanner.next()).collect()
}

struct Scanner<'t> {
    rest: &'t str,
    line: usize,
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<(Token, usize)> {
        self.skip_blanks();
        let (line, first) = (self.line, self.rest.chars().next()?);
        let token = match first {
            '"' | '\'' => {
                self.skip(1);
                Token::Text(self.text(first))
            }
            _ if self.rest.starts_with("..") => {
                self.skip(2);
                Token::Join
            }
            _ if first.is_ascii_digit() => Token::Text(self.word(|c| c.is_ascii_alphanumeric())),
            _ if first.is_ascii_alphabetic() || first == '_' => {
                Token::Name(self.word(|c| c.is_ascii_alphanumeric() || c == '_'))
            }
            _ => {
                self.skip(first.len_utf8());
                Token::Symbol(first)
            }
        };
        Some((token, line))
    }

    fn skip(&mut self, bytes: usize) {
        let (skipped, rest) = self.rest.split_at(bytes.min(self.rest.len()));
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }

    fn skip_blanks(&mut self) {
        loop {
            let blanks = self.rest.len() - self.rest.trim_start().len();
            self.skip(blanks);
            let Some(comment) = self.rest.strip_prefix("--") else { return };
            let length = match comment.strip_prefix("[[") {
                Some(_) => comment.find("]]").map(|end| end + 2),
                None => comment.find('\n'),
            };
            self.skip(2 + length.unwrap_or(comment.len()));
        }
    }

    fn word(&mut self, is_part: impl Fn(char) -> bool) -> String {
        let length = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let word = self.rest[..length].to_owned();
        self.skip(length);
        word
    }

    fn text(&mut self, quote: char) -> String {
        let mut text = String::new();
        while let Some(symbol) = self.rest.chars().next() {
            self.skip(symbol.len_utf8());
            if symbol == quote {
                break;
            }
            let escaped = (symbol == '\\').then(|| self.rest.chars().next()).flatten();
            if let Some(escaped) = escaped {
                self.skip(escaped.len_utf8());
            }
            text.push(match escaped {
                Some('n') => '\n',
                Some(other) => other,
                None => symbol,
            });
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(text: &str) -> (Vec<String>, Option<usize>) {
        let script = follow(&"a.lua".into(), text);
        let shown = script.steps.iter().map(|step| format!("{} {}", step.application, step.data));
        (shown.collect(), script.unknown.map(|(spot, _)| spot.line))
    }

    #[test]
    fn a_row_of_calls_is_followed() {
        let text = r#"
            -- a comment
            --[[ a longer
                 one ]]
            local room, _ = "x", 1
        "#;
        assert_eq!(steps(text), (vec![], Some(5)));
        let text = r#"
            api = freeswitch.API()
            from = session:getVariable("ani")
            freeswitch.consoleLog("INFO", "call from " .. from .. (unknown(3)))
            session:sleep(500); session:answer()
            room = '10' .. 04
            session:execute("set", "a=" .. from)
            session:execute("conference", string.format("%s@%s++flags{%s}", room, "p", "mute"))
            api:execute("conference", room .. " kick all")
        "#;
        let (found, unknown) = steps(text);
        let expected = [
            "sleep 500",
            "answer ",
            "set a=${ani}",
            "conference 1004@p++flags{mute}",
            "api conference 1004 kick all",
        ];
        assert_eq!((found, unknown), (expected.map(String::from).to_vec(), None));
    }

    #[test]
    fn it_is_followed_up_to_what_is_not_a_call() {
        let (found, unknown) = steps("session:answer()\nif x then\n session:hangup()\nend\n");
        assert_eq!((found, unknown), (vec!["answer ".to_owned()], Some(2)));
        for text in
            ["a = ", "f(", "session:", "x = y", "\"", "((((", "a = f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(1"]
        {
            assert!(steps(text).1.is_some(), "{text}");
        }
    }
}
