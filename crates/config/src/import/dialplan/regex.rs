//! Regular expressions of dialled numbers, as far as they can be said as patterns of ours.

/// So many patterns one expression may become.
const MAX_ROWS: usize = 64;
/// So long an expression is read.
const MAX_LENGTH: usize = 256;
/// Groups in groups.
const MAX_DEPTH: usize = 8;
/// A number's longest form (E.164).
const MAX_DIGITS: usize = 15;

/// What stands at one place of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Symbol {
    Digit,
    Exactly(char),
}

/// A symbol and how often it comes; `None`: without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    symbol: Symbol,
    min: usize,
    max: Option<usize>,
}

/// One way in which a number may fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    places: Vec<Place>,
    /// For each group that has been closed its number and its places.
    groups: Vec<(usize, usize, usize)>,
}

/// All ways in which a number may fit, or why they cannot be told.
pub(super) fn rows(expression: &str) -> Result<Vec<Row>, String> {
    let body = expression.strip_prefix('/').and_then(|body| body.strip_suffix('/')).unwrap_or(expression);
    if body.len() > MAX_LENGTH {
        return Err("the expression is too long".into());
    }
    let inner =
        body.strip_prefix('^').ok_or("it does not begin with `^`: it may match anywhere in a number")?;
    let mut groups = 0;
    let mut all = Vec::new();
    for alternative in inner.split("|^") {
        all.extend(anchored(alternative, &mut groups)?);
    }
    bounded(all)
}

/// The rows of an alternative, behind its `^`; groups are counted through all of them.
fn anchored(inner: &str, groups: &mut usize) -> Result<Vec<Row>, String> {
    let (inner, open) = match inner.strip_suffix('$') {
        Some(inner) if !inner.ends_with('\\') => (inner, false),
        _ => (inner, true),
    };
    let mut reader = Reader { rest: inner, groups: *groups, depth: 0 };
    let mut rows = reader.alternation()?;
    *groups = reader.groups;
    if !reader.rest.is_empty() {
        return Err(format!("`{}` is not understood", reader.rest));
    }
    if open {
        let more = Place { symbol: Symbol::Digit, min: 0, max: None };
        rows.iter_mut().for_each(|row| row.places.push(more));
    }
    Ok(rows)
}

impl Row {
    /// The row of one number.
    pub(super) fn of(number: &str) -> Self {
        let place = |symbol| Place { symbol: Symbol::Exactly(symbol), min: 1, max: Some(1) };
        Self { places: number.chars().map(place).collect(), groups: Vec::new() }
    }

    /// This row with the numbers of another one alone, if all of those fit it; both of a fixed length.
    pub(super) fn narrowed(&self, other: &Self) -> Option<Self> {
        let (mine, theirs) = (fixed(&self.places)?, fixed(&other.places)?);
        let fits = |(mine, theirs): (&Symbol, &Symbol)| *mine == Symbol::Digit || mine == theirs;
        if mine.len() != theirs.len() || !mine.iter().zip(&theirs).all(fits) {
            return None;
        }
        let offset = |place: usize| self.places.iter().take(place).map(|place| place.min).sum::<usize>();
        let groups = self.groups.iter().map(|(group, start, end)| (*group, offset(*start), offset(*end)));
        let places = theirs.into_iter().map(|symbol| Place { symbol, min: 1, max: Some(1) });
        Some(Self { places: places.collect(), groups: groups.collect() })
    }

    /// The letters that it begins with, up to the first digit.
    pub(super) fn prefix(&self) -> String {
        let letters = self.places.iter().map_while(|place| match place.symbol {
            Symbol::Exactly(symbol) if place.min == 1 && place.max == Some(1) && !symbol.is_ascii_digit() => {
                Some(symbol)
            }
            _ => None,
        });
        letters.collect()
    }

    /// What follows so many places.
    pub(super) fn after(&self, places: usize) -> Self {
        Self { places: self.places.get(places..).unwrap_or_default().to_vec(), groups: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The number, if there is but one.
    pub(super) fn literal(&self) -> Option<String> {
        literal(&self.places)
    }

    /// What group `number` has of a number that fits: a text, or `{number}` for all of it.
    pub(super) fn group(&self, number: usize) -> Option<String> {
        let (_, start, end) = *self.groups.iter().find(|(group, ..)| *group == number)?;
        let places = self.places.get(start..end)?;
        if places.len() == self.places.len() {
            return Some(self.literal().unwrap_or_else(|| "{number}".into()));
        }
        literal(places)
    }

    /// Patterns of ours that mean the same.
    pub(super) fn patterns(&self) -> Result<Vec<String>, String> {
        let Some((last, fixed)) = self.places.split_last() else { return Ok(Vec::new()) };
        if fixed.iter().any(|place| place.max != Some(place.min)) {
            return Err("only the last part of a pattern may be of several lengths".into());
        }
        let mut head = String::new();
        fixed.iter().try_for_each(|place| write(&mut head, *place, place.min))?;
        let used: usize = fixed.iter().map(|place| place.min).sum();
        let most = last.max.unwrap_or_else(|| MAX_DIGITS.saturating_sub(used)).max(last.min);
        let mut patterns = Vec::new();
        if last.min == 0 && !head.is_empty() {
            patterns.push(head.clone());
        }
        let least = last.min.max(1);
        if most >= least {
            let mut whole = head;
            write(&mut whole, Place { max: Some(most), ..*last }, least)?;
            patterns.push(whole);
        }
        Ok(patterns)
    }
}

/// Writes a place that comes at least `min` times in our manner.
fn write(pattern: &mut String, place: Place, min: usize) -> Result<(), String> {
    let symbol = match place.symbol {
        Symbol::Digit => 'X',
        Symbol::Exactly(symbol)
            if symbol.is_ascii_digit() || symbol.is_ascii_lowercase() || "*#+-_".contains(symbol) =>
        {
            symbol
        }
        Symbol::Exactly(symbol) => return Err(format!("`{symbol}` cannot be part of a pattern")),
    };
    match (min, place.max) {
        (0, Some(0)) => {}
        (1, Some(1)) => pattern.push(symbol),
        (min, Some(max)) if min == max => pattern.push_str(&format!("{symbol}{{{min}}}")),
        (min, max) => pattern.push_str(&format!("{symbol}{{{min},{}}}", max.unwrap_or(MAX_DIGITS))),
    }
    Ok(())
}

/// Symbol for symbol, if there are always as many.
fn fixed(places: &[Place]) -> Option<Vec<Symbol>> {
    let each = places
        .iter()
        .map(|place| (place.max == Some(place.min)).then(|| std::iter::repeat_n(place.symbol, place.min)));
    Some(each.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
}

fn literal(places: &[Place]) -> Option<String> {
    let mut text = String::new();
    for place in places {
        match place.symbol {
            Symbol::Exactly(symbol) if place.max == Some(place.min) => {
                text.extend(std::iter::repeat_n(symbol, place.min));
            }
            _ => return None,
        }
    }
    Some(text)
}

struct Reader<'t> {
    rest: &'t str,
    groups: usize,
    depth: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let symbol = self.rest.chars().next()?;
        self.rest = &self.rest[symbol.len_utf8()..];
        Some(symbol)
    }

    fn take(&mut self, symbol: char) -> bool {
        self.rest.strip_prefix(symbol).map(|rest| self.rest = rest).is_some()
    }

    fn alternation(&mut self) -> Result<Vec<Row>, String> {
        let mut rows = self.sequence()?;
        while self.take('|') {
            rows.extend(self.sequence()?);
        }
        bounded(rows)
    }

    fn sequence(&mut self) -> Result<Vec<Row>, String> {
        let mut rows = vec![Row::default()];
        while !self.rest.is_empty() && !self.rest.starts_with(['|', ')']) {
            let atom = self.atom()?;
            let atom = self.repeated(atom)?;
            rows = joined(&rows, &atom)?;
        }
        Ok(rows)
    }

    fn atom(&mut self) -> Result<Vec<Row>, String> {
        let symbol = match self.next() {
            Some('(') => return self.group(),
            Some('[') => return self.class(),
            Some('\\') => match self.next() {
                Some('d') => Symbol::Digit,
                Some(escaped) if !escaped.is_ascii_alphanumeric() => Symbol::Exactly(escaped),
                other => return Err(format!("`\\{}` is not understood", other.unwrap_or(' '))),
            },
            // Of what may be dialled only digits are left to our patterns.
            Some('.') => Symbol::Digit,
            Some(symbol) if "^$*+?{}".contains(symbol) => {
                return Err(format!("`{symbol}` is not understood"));
            }
            Some(symbol) => Symbol::Exactly(symbol),
            None => return Err("it ends too early".into()),
        };
        Ok(vec![one(symbol)])
    }

    fn group(&mut self) -> Result<Vec<Row>, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("its groups are too deep".into());
        }
        let number = match self.rest.strip_prefix("?:") {
            Some(rest) => {
                self.rest = rest;
                None
            }
            None if self.rest.starts_with('?') => return Err("`(?` is not understood".into()),
            None => {
                self.groups += 1;
                Some(self.groups)
            }
        };
        let mut rows = self.alternation()?;
        if !self.take(')') {
            return Err("a group is not closed".into());
        }
        self.depth -= 1;
        if let Some(number) = number {
            rows.iter_mut().for_each(|row| row.groups.push((number, 0, row.places.len())));
        }
        Ok(rows)
    }

    fn class(&mut self) -> Result<Vec<Row>, String> {
        let (body, rest) = self.rest.split_once(']').ok_or("a class is not closed")?;
        self.rest = rest;
        if body.starts_with('^') || body.contains(['\\', '[']) {
            return Err(format!("`[{body}]` is not understood"));
        }
        let symbols: Vec<char> = body.chars().collect();
        let (mut members, mut at) = (Vec::new(), 0);
        while let Some(first) = symbols.get(at) {
            let last = symbols.get(at + 2).filter(|_| symbols.get(at + 1) == Some(&'-'));
            members.extend(*first..=*last.unwrap_or(first));
            at += if last.is_some() { 3 } else { 1 };
        }
        if members.iter().collect::<String>() == "0123456789" {
            return Ok(vec![one(Symbol::Digit)]);
        }
        bounded(members.into_iter().map(|symbol| one(Symbol::Exactly(symbol))).collect())
    }

    /// The atom as often as what follows it says.
    fn repeated(&mut self, atom: Vec<Row>) -> Result<Vec<Row>, String> {
        let Some((min, max)) = self.counts()? else { return Ok(atom) };
        if let [Row { places, groups }] = atom.as_slice()
            && let ([place], true) = (places.as_slice(), groups.is_empty())
            && (place.min, place.max) == (1, Some(1))
        {
            return Ok(vec![Row { places: vec![Place { min, max, ..*place }], groups: Vec::new() }]);
        }
        let max = max.filter(|max| *max <= MAX_DIGITS).ok_or("a group that is repeated without end")?;
        let mut rows = Vec::new();
        let mut repeated = vec![Row::default()];
        for count in 0..=max {
            if count >= min {
                rows.extend(repeated.iter().cloned());
            }
            repeated = joined(&repeated, &atom)?;
        }
        bounded(rows)
    }

    fn counts(&mut self) -> Result<Option<(usize, Option<usize>)>, String> {
        let counts = match self.rest.chars().next() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => return self.braces().map(Some),
            _ => return Ok(None),
        };
        self.next();
        Ok(Some(counts))
    }

    fn braces(&mut self) -> Result<(usize, Option<usize>), String> {
        let wrong = || "a count is not understood".to_owned();
        let (body, rest) = self.rest[1..].split_once('}').ok_or_else(wrong)?;
        self.rest = rest;
        let number = |text: &str| text.parse::<usize>().ok().filter(|n| *n <= MAX_DIGITS).ok_or_else(wrong);
        match body.split_once(',') {
            None => number(body).map(|count| (count, Some(count))),
            Some((min, "")) => Ok((number(min)?, None)),
            Some((min, max)) => Ok((number(min)?, Some(number(max)?))),
        }
    }
}

fn one(symbol: Symbol) -> Row {
    Row { places: vec![Place { symbol, min: 1, max: Some(1) }], groups: Vec::new() }
}

/// Each of the first followed by each of the second.
fn joined(first: &[Row], second: &[Row]) -> Result<Vec<Row>, String> {
    if first.len() * second.len() > MAX_ROWS {
        return Err(format!("it stands for more than {MAX_ROWS} patterns"));
    }
    let join = |a: &Row, b: &Row| {
        let shift = a.places.len();
        let groups = b.groups.iter().map(|(number, start, end)| (*number, start + shift, end + shift));
        Row {
            places: a.places.iter().chain(&b.places).copied().collect(),
            groups: a.groups.iter().copied().chain(groups).collect(),
        }
    };
    Ok(first.iter().flat_map(|a| second.iter().map(move |b| join(a, b))).collect())
}

fn bounded(rows: Vec<Row>) -> Result<Vec<Row>, String> {
    if rows.len() > MAX_ROWS { Err(format!("it stands for more than {MAX_ROWS} patterns")) } else { Ok(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(expression: &str) -> Result<Vec<String>, String> {
        let rows = rows(expression)?;
        let each: Result<Vec<_>, _> = rows.iter().map(Row::patterns).collect();
        each.map(|patterns| patterns.concat())
    }

    #[test]
    fn expressions_of_the_usual_kinds_become_patterns() {
        for (expression, expected) in [
            ("^(2002)$", vec!["2002"]),
            ("^(200\\d)$", vec!["200X"]),
            ("^\\d{4}$", vec!["X{4}"]),
            ("^(30\\d{2})$", vec!["30X{2}"]),
            ("^(2000|2001)$", vec!["2000", "2001"]),
            ("^conf(\\d{2,4})$", vec!["confX{2,4}"]),
            ("^9(1[0-3])?$", vec!["9", "910", "911", "912", "913"]),
            ("^[0-9]{5,11}$", vec!["X{5,11}"]),
            ("^\\+?49", vec!["49", "49X{1,13}", "+49", "+49X{1,12}"]),
            ("^00\\d+$", vec!["00X{1,13}"]),
            ("/^\\*98$/", vec!["*98"]),
            ("^vmain$|^4000$|^\\*98$", vec!["vmain", "4000", "*98"]),
        ] {
            let found = patterns(expression);
            match (expression, &found) {
                // A sign that may be missing is of several lengths, and not the last.
                ("^\\+?49", Err(why)) => assert!(why.contains("last part"), "{why}"),
                _ => assert_eq!(found.unwrap(), expected, "{expression}"),
            }
        }
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        for expression in [
            "2000",
            "^(?i)a$",
            "^\\w+$",
            "^(a",
            "^[^1]$",
            "^[2-9]{9}[2-9]{9}$",
            "^(\\d+)x$",
            "^(ab)+$",
            "^ABC$",
        ] {
            assert!(patterns(expression).is_err(), "{expression}");
        }
        assert!(rows(&format!("^{}$", "(".repeat(100))).is_err());
        assert!(rows(&format!("^{}$", "(a|b)".repeat(50))).is_err());
    }

    #[test]
    fn groups_are_known_where_they_are_the_whole_or_fixed() {
        let row = &rows("^3(00)(\\d)$").unwrap()[0];
        assert_eq!((row.group(1).as_deref(), row.group(2), row.group(3)), (Some("00"), None, None));
        assert_eq!(rows("^(30\\d{2})$").unwrap()[0].group(1).as_deref(), Some("{number}"));
        assert_eq!(rows("^(2001|2002)$").unwrap()[1].group(1).as_deref(), Some("2002"));
    }

    #[test]
    fn a_row_is_narrowed_to_numbers_that_fit_it() {
        let rooms = &rows("^(3(0\\d{2}))$").unwrap()[0];
        let one = rooms.narrowed(&Row::of("3001")).unwrap();
        assert_eq!((one.group(1).as_deref(), one.group(2).as_deref()), (Some("3001"), Some("001")));
        let some = rooms.narrowed(&rows("^30(1\\d)$").unwrap()[0]).unwrap();
        assert_eq!((some.group(1).as_deref(), some.group(2)), (Some("{number}"), None));
        for other in ["^31\\d{2}$", "^30\\d$", "^30\\d+$"] {
            assert_eq!(rooms.narrowed(&rows(other).unwrap()[0]), None, "{other}");
        }
    }

    #[test]
    fn groups_are_counted_through_alternatives() {
        let rows = rows("^(10)\\d$|^(20)$").unwrap();
        assert_eq!((rows[1].group(1), rows[1].group(2).as_deref()), (None, Some("20")));
    }

    #[test]
    fn names_of_inner_extensions_have_a_prefix() {
        let row = &rows("^ADD_CALL_TO_CONF__(\\d{4})$").unwrap()[0];
        assert_eq!(row.prefix(), "ADD_CALL_TO_CONF__");
        assert_eq!(row.after(row.prefix().len()).patterns().unwrap(), ["X{4}"]);
    }
}
