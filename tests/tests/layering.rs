//! The house keeps its shape: which crate may import which, who may touch tokio, and under which licences we build.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Crates that decide: no socket, no clock, no thread, no file.
const PURE: [&str; 10] = [
    "confab-sip",
    "confab-sdp",
    "confab-fetch",
    "confab-rtp",
    "confab-codec",
    "confab-mixer",
    "confab-audio",
    "confab-conference",
    "confab-switchboard",
    "confab-sim",
];

/// What no pure crate may reach, not even through another crate.
const NOT_PURE: [&str; 5] = ["tokio", "mio", "socket2", "async-std", "smol"];

const LICENCES: [&str; 9] =
    ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "0BSD", "Unicode-3.0", "Unlicense"];

/// Who imports whom: downward only.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("confab-sip", &[][..]),
        ("confab-sdp", &[]),
        ("confab-fetch", &[]),
        ("confab-rtp", &["confab-fetch"]),
        ("confab-codec", &["confab-fetch"]),
        ("confab-mixer", &["confab-fetch"]),
        ("confab-conference", &[]),
        ("confab-switchboard", &["confab-sip", "confab-sdp", "confab-rtp", "confab-conference"]),
        ("confab-audio", &["confab-fetch", "confab-rtp", "confab-codec", "confab-mixer"]),
        ("confab-sim", &["confab-audio", "confab-rtp", "confab-codec", "confab-mixer"]),
        ("confab-media", &["confab-fetch", "confab-audio", "confab-codec", "confab-mixer"]),
        ("confab-config", &["confab-sip", "confab-conference"]),
        ("confab-phone", &["confab-sip", "confab-sdp", "confab-rtp", "confab-codec", "confab-mixer"]),
        (
            "confab",
            &[
                "confab-sip",
                "confab-sdp",
                "confab-codec",
                "confab-mixer",
                "confab-conference",
                "confab-switchboard",
                "confab-media",
                "confab-phone",
                "confab-config",
            ],
        ),
    ])
}

fn metadata() -> Value {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    // Crates for other platforms were not fetched by the build, and are not to be fetched by a test.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline", "--manifest-path", manifest])
        .args(["--filter-platform", &platform])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn is_normal(dependency: &Value) -> bool {
    dependency["kind"].is_null()
}

#[test]
fn imports_run_downward_only() {
    let metadata = metadata();
    let allowed = allowed();
    for package in list(&metadata, "packages") {
        let Some(permitted) = allowed.get(text(package, "name")) else { continue };
        for dependency in list(package, "dependencies").iter().filter(|d| is_normal(d)) {
            let name = text(dependency, "name");
            let ours = name.starts_with("confab");
            assert!(!ours || permitted.contains(&name), "{} may not import {name}", text(package, "name"));
        }
    }
}

#[test]
fn pure_crates_reach_no_driver_not_even_through_others() {
    let metadata = metadata();
    let names: BTreeMap<&str, &str> =
        list(&metadata, "packages").iter().map(|p| (text(p, "id"), text(p, "name"))).collect();
    let graph: BTreeMap<&str, BTreeSet<&str>> = list(&metadata["resolve"], "nodes")
        .iter()
        .map(|node| (text(node, "id"), normal_imports(node)))
        .collect();
    for (id, name) in names.iter().filter(|(_, name)| PURE.contains(name)) {
        let reached = closure(&graph, id);
        for forbidden in NOT_PURE {
            assert!(!reached.iter().any(|id| names[id] == forbidden), "{name} reaches {forbidden}");
        }
    }
}

fn normal_imports(node: &Value) -> BTreeSet<&str> {
    let normal = |dep: &&Value| list(dep, "dep_kinds").iter().any(is_normal);
    list(node, "deps").iter().filter(normal).map(|dep| text(dep, "pkg")).collect()
}

fn closure<'a>(graph: &BTreeMap<&'a str, BTreeSet<&'a str>>, start: &'a str) -> BTreeSet<&'a str> {
    let (mut seen, mut todo) = (BTreeSet::new(), vec![start]);
    while let Some(id) = todo.pop() {
        if seen.insert(id) {
            todo.extend(graph.get(id).into_iter().flatten());
        }
    }
    seen
}

#[test]
fn every_dependency_comes_from_the_registry_under_a_licence_we_accept() {
    for package in list(&metadata(), "packages") {
        let (name, source) = (text(package, "name"), text(package, "source"));
        assert!(source.is_empty() || source.starts_with("registry+"), "{name} comes from {source}");
        if name == "rsip" || name == "rsip-derives" {
            // Their manifests name no licence; the licence files in their archives are MIT.
            continue;
        }
        let licence = text(package, "license").replace('/', " OR ");
        let words = licence.split([' ', '(', ')']).filter(|word| !word.is_empty());
        let alternatives: Vec<&str> = words.filter(|word| !["OR", "AND", "WITH"].contains(word)).collect();
        assert!(alternatives.iter().any(|word| LICENCES.contains(word)), "{name}: {licence}");
    }
}

#[test]
fn every_dependency_is_used() {
    let metadata = metadata();
    let folders: BTreeMap<&str, &Path> = list(&metadata, "packages")
        .iter()
        .filter(|package| package["source"].is_null())
        .filter_map(|package| {
            Some((text(package, "id"), Path::new(text(package, "manifest_path")).parent()?))
        })
        .collect();
    for node in list(&metadata["resolve"], "nodes") {
        let Some(folder) = folders.get(text(node, "id")) else { continue };
        let sources: Vec<String> =
            rust_files(folder).iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
        for name in list(node, "deps").iter().map(|dependency| text(dependency, "name")) {
            let used = sources.iter().any(|source| names(source, name));
            assert!(used, "{} depends on {name} and does not use it", folder.display());
        }
    }
}

/// Whether the source has that name as a word of its own.
fn names(source: &str, name: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    source.match_indices(name).any(|(at, _)| {
        let (before, after) = (source[..at].chars().next_back(), source[at + name.len()..].chars().next());
        !before.is_some_and(inside) && !after.is_some_and(inside)
    })
}

#[test]
fn every_file_stays_readable() {
    for path in rust_files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates"))) {
        let source = std::fs::read_to_string(&path).unwrap();
        let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        assert!(code.lines().count() <= 800, "{} has more than 800 lines before its tests", path.display());
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
