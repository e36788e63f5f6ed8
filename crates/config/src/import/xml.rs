//! FreeSWITCH's XML: files that include others, and variables that are set on the way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use roxmltree::{Document, Node, ParsingOptions};

use super::files::Files;
use super::note::{Notes, Spot};

/// A file may include files that include files, so deep.
const MAX_DEPTH: usize = 16;
/// Elements in elements, so deep.
const MAX_NESTING: usize = 64;
/// Elements of one file.
const MAX_NODES: u32 = 400_000;
/// Bytes of a value after its variables have been put in.
const MAX_VALUE: usize = 16_384;
/// What FreeSWITCH itself sets, by what is found out only while it runs.
const BUILT_IN: [&str; 6] =
    ["local_ip_v4", "local_ip_v6", "hostname", "local_mask_v4", "domain_name", "switch_serial"];

/// An element with everything that it includes.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    pub(super) children: Vec<Self>,
    pub(super) spot: Spot,
}

impl Element {
    /// The value of an attribute; empty if it is not there.
    pub(super) fn text(&self, attribute: &str) -> &str {
        let found = self.attributes.iter().find(|(name, _)| name == attribute);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Whether it has one of these attributes.
    pub(super) fn has_any(&self, attributes: &[&str]) -> bool {
        self.attributes.iter().any(|(name, _)| attributes.contains(&name.as_str()))
    }

    /// Whether it, or an element in it, has an attribute of one of these values.
    pub(super) fn holds_any(&self, attribute: &str, values: &[&str]) -> bool {
        values.contains(&self.text(attribute))
            || self.children.iter().any(|child| child.holds_any(attribute, values))
    }

    /// Its children of this name.
    pub(super) fn named<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Its `<param>`s, or those in its `<params>` or `<settings>`: name, value, place.
    pub(super) fn params(&self) -> Vec<(&str, &str, &Spot)> {
        let inner =
            self.children.iter().filter(|child| ["params", "settings"].contains(&child.name.as_str()));
        let all = self.named("param").chain(inner.flat_map(|child| child.named("param")));
        all.map(|param| (param.text("name"), param.text("value"), &param.spot)).collect()
    }

    /// All elements of this name in it, itself among them, but none of another section of the file.
    pub(super) fn find<'e>(&'e self, section: &str, name: &str, found: &mut Vec<&'e Self>) {
        if self.name == "section" && self.text("name") != section {
            return;
        }
        if self.name == name {
            found.push(self);
        }
        self.children.iter().for_each(|child| child.find(section, name, found));
    }
}

/// Reads files and what they include.
#[derive(Debug)]
pub(super) struct Reader<'n> {
    pub(super) files: Files,
    variables: BTreeMap<String, String>,
    pub(super) notes: &'n mut Notes,
    /// Depth of the file that is being read.
    depth: usize,
}

/// The file whose elements are being read.
struct Here {
    folder: PathBuf,
    shown: Rc<str>,
    /// Offsets at which its lines end.
    ends: Vec<usize>,
}

impl Here {
    fn spot(&self, node: Node<'_, '_>) -> Spot {
        let before = self.ends.partition_point(|end| *end < node.range().start);
        Spot { file: Rc::clone(&self.shown), line: before + 1 }
    }
}

impl<'n> Reader<'n> {
    pub(super) fn new(files: Files, notes: &'n mut Notes) -> Self {
        let folder = files.root().display().to_string();
        let built_in = BUILT_IN.iter().map(|name| ((*name).to_owned(), format!("$${{{name}}}")));
        let folders = ["conf_dir", "base_dir"].map(|name| (name.to_owned(), folder.clone()));
        let theirs = [
            ("sounds_dir", "/usr/local/freeswitch/sounds"),
            ("recordings_dir", "/usr/local/freeswitch/recordings"),
        ]
        .map(|(name, folder)| (name.to_owned(), folder.to_owned()));
        Self { files, variables: built_in.chain(folders).chain(theirs).collect(), notes, depth: 0 }
    }

    /// The elements of a file, those of the files that it includes in their place.
    pub(super) fn load(&mut self, path: &Path) -> Vec<Element> {
        let start = Spot { file: self.files.shown(path).into(), line: 1 };
        let text = match self.files.read(path) {
            Ok(text) => with_one_root(&text),
            Err(why) => {
                self.notes.left_out(&start, format!("this file was not read: {why}"), "");
                return Vec::new();
            }
        };
        let here = Here {
            folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
            shown: Rc::clone(&start.file),
            ends: text.match_indices('\n').map(|(offset, _)| offset).collect(),
        };
        let options =
            ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        match Document::parse_with_options(&text, options) {
            Ok(document) => self.children(&here, document.root_element(), 0),
            Err(error) => {
                let spot = Spot { line: error.pos().row as usize, ..start };
                let why = if text.contains("<!DOCTYPE") {
                    "a document type (DTD), and so its entities, is not read".to_owned()
                } else {
                    format!("this is not XML: {error}")
                };
                self.notes.mistake(&spot, why, "nothing of this file was read");
                Vec::new()
            }
        }
    }

    fn children(&mut self, here: &Here, node: Node<'_, '_>, nesting: usize) -> Vec<Element> {
        let mut elements = Vec::new();
        if nesting > MAX_NESTING {
            return elements;
        }
        for child in node.children() {
            if child.is_comment() {
                self.look_into_comment(here, child);
            } else if child.has_tag_name("X-PRE-PROCESS") {
                elements.extend(self.obey(here, child));
            } else if child.has_tag_name("include") {
                elements.extend(self.children(here, child, nesting + 1));
            } else if child.is_element() {
                elements.push(self.element(here, child, nesting));
            }
        }
        elements
    }

    fn element(&mut self, here: &Here, node: Node<'_, '_>, nesting: usize) -> Element {
        let spot = here.spot(node);
        let attributes = node
            .attributes()
            .map(|attribute| (attribute.name().to_owned(), self.expand(attribute.value(), &spot)))
            .collect();
        let children = self.children(here, node, nesting + 1);
        Element { name: node.tag_name().name().to_owned(), attributes, children, spot }
    }

    /// `<X-PRE-PROCESS cmd="…" data="…"/>`
    fn obey(&mut self, here: &Here, node: Node<'_, '_>) -> Vec<Element> {
        let spot = here.spot(node);
        let data = self.expand(node.attribute("data").unwrap_or_default(), &spot);
        match node.attribute("cmd").unwrap_or_default() {
            "set" => self.set(&data),
            "include" => return self.include(here, &data, &spot),
            "stun-set" => {
                self.set(&data);
                self.notes.left_out(
                    &spot,
                    "an address that is asked from a STUN server",
                    "write the address into sip.advertise and media.advertise",
                );
            }
            other => {
                let message = format!("what the preprocessor does by `{other}`");
                self.notes.left_out(&spot, message, "write its result");
            }
        }
        Vec::new()
    }

    fn set(&mut self, data: &str) {
        if let Some((name, value)) = data.split_once('=') {
            self.variables.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }

    fn include(&mut self, here: &Here, pattern: &str, spot: &Spot) -> Vec<Element> {
        if self.depth >= MAX_DEPTH {
            self.notes.mistake(spot, format!("files that include each other more than {MAX_DEPTH} deep"), "");
            return Vec::new();
        }
        self.depth += 1;
        let files = self.files.glob(&here.folder, pattern);
        if files.is_empty() && !pattern.contains(['*', '?']) {
            self.notes.mistake(spot, format!("includes `{pattern}`, which is nowhere"), "");
        } else if files.is_empty() && self.files.is_outside(&here.folder, pattern) {
            self.notes.left_out(spot, format!("the files `{pattern}`"), "copy them into this folder");
        }
        let elements = files.iter().flat_map(|file| self.load(file)).collect();
        self.depth -= 1;
        elements
    }

    /// FreeSWITCH obeys its preprocessor's commands in comments, too; few know.
    fn look_into_comment(&mut self, here: &Here, comment: Node<'_, '_>) {
        if comment.text().is_some_and(|text| text.contains("<X-PRE-PROCESS")) {
            let message = "a command of the preprocessor in a comment: FreeSWITCH obeys it all the same";
            self.notes.mistake(&here.spot(comment), message, "here it counts as the comment that it is");
        }
    }

    /// A text with `$${…}` replaced.
    fn expand(&mut self, text: &str, spot: &Spot) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("$${") {
            let Some((name, after)) = after.split_once('}') else { break };
            expanded.push_str(before);
            match self.variables.get(name) {
                Some(value) => expanded.push_str(value),
                None => {
                    self.notes.mistake(spot, format!("`$${{{name}}}` is set nowhere"), "it counts as empty")
                }
            }
            rest = after;
            if expanded.len() > MAX_VALUE {
                return String::new();
            }
        }
        expanded + rest
    }
}

/// A file may hold several elements side by side; one is put around them, on the first line.
fn with_one_root(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    let start =
        text.find("<?xml").and_then(|start| text[start..].find("?>").map(|end| start + end + 2)).unwrap_or(0);
    let lines = "\n".repeat(text[..start].matches('\n').count());
    format!("<include>{lines}{}</include>", &text[start..])
}
