//! The tables as a page of documentation.

use std::fmt::Write as _;

use super::{NO_VIDEO, Name, Ours, TABLES, Table};

const INTRODUCTION: &str = "\
# Their names and ours

What FreeSWITCH's mod_conference and Asterisk's ConfBridge call things, and what confab has for it. A name of theirs that
is *the same*, or for which ours is given, is taken where ours stands in the configuration; for every other one the
configuration's error says what this page says. In names `-` and `_` are the same.

This page is written by `confab names`; a test holds it to the program.
";

/// `docs/names.md`
pub fn markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    TABLES.into_iter().for_each(|table| describe(&mut page, table));
    page
}

fn describe(page: &mut String, table: &Table) {
    // Writing into a string cannot fail.
    let _ = writeln!(page, "\n## {}\n\nOurs: {}.\n", table.title, table.place);
    page.push_str("| theirs | ours | meaning |\n|---|---|---|\n");
    for name in table.names {
        let (ours, meaning) = cells(name);
        let _ = writeln!(page, "| `{}` | {ours} | {} |", name.theirs, escaped(&meaning));
    }
}

fn cells(name: &Name) -> (String, String) {
    match name.ours {
        Ours::Same => ("the same".into(), name.meaning.into()),
        Ours::Key(ours) => (format!("`{ours}`"), name.meaning.into()),
        Ours::Instead(help) => ("–".into(), help.into()),
        Ours::Video => ("–".into(), NO_VIDEO.into()),
        Ours::Dead(help) => ("dead".into(), help.into()),
    }
}

/// A bar would end the cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
