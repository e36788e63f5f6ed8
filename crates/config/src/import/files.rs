//! The files of a folder, and no others, within bounds.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// More files than that are not read.
const MAX_FILES: usize = 20_000;
/// The longest file, bytes.
const MAX_FILE: u64 = 4 << 20;
/// All files together, bytes.
const MAX_BYTES: u64 = 64 << 20;

/// A folder that is read.
#[derive(Debug)]
pub(super) struct Files {
    /// Without links in it.
    root: PathBuf,
    files: usize,
    bytes: u64,
}

impl Files {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        fs::read_dir(&root)?;
        Ok(Self { root, files: 0, bytes: 0 })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The text of a file. A link that leads out of the folder is refused as any other path that does.
    pub(super) fn read(&mut self, path: &Path) -> Result<String, String> {
        let path = path.canonicalize().map_err(|error| error.to_string())?;
        if !path.starts_with(&self.root) {
            return Err("it is outside of the folder".into());
        }
        let length = fs::metadata(&path).map_err(|error| error.to_string())?.len();
        self.files += 1;
        self.bytes = self.bytes.saturating_add(length);
        if length > MAX_FILE {
            return Err(format!("it is longer than {} MiB", MAX_FILE >> 20));
        }
        if self.files > MAX_FILES || self.bytes > MAX_BYTES {
            return Err(format!("these are more than {MAX_FILES} files or {} MiB", MAX_BYTES >> 20));
        }
        fs::read(&path).map(text).map_err(|error| error.to_string())
    }

    /// What notes call a file; a link that leads out of the folder by its own name.
    pub(super) fn shown(&self, path: &Path) -> String {
        let real = path.canonicalize().ok().filter(|real| real.starts_with(&self.root));
        let path = real.as_deref().unwrap_or(path);
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// The files that a pattern such as `directory/*.xml` means, by name. `*` is any part of a name, `?` one character.
    pub(super) fn glob(&self, base: &Path, pattern: &str) -> Vec<PathBuf> {
        let mut found = vec![base.to_path_buf()];
        for part in Path::new(pattern).components() {
            found = match part {
                Component::RootDir | Component::Prefix(_) => vec![PathBuf::from("/")],
                Component::CurDir => found,
                Component::ParentDir => found.into_iter().map(|path| path.join("..")).collect(),
                Component::Normal(name) => self.step(&found, &name.to_string_lossy()),
            };
        }
        found.retain(|path| path.is_file());
        found
    }

    /// Whether a pattern means files of another folder.
    pub(super) fn is_outside(&self, base: &Path, pattern: &str) -> bool {
        let folder = base.join(pattern).parent().map(Path::to_path_buf).unwrap_or_default();
        folder.is_dir() && !self.holds(&folder)
    }

    fn step(&self, folders: &[PathBuf], name: &str) -> Vec<PathBuf> {
        if !name.contains(['*', '?']) {
            return folders.iter().map(|folder| folder.join(name)).collect();
        }
        let mut found = Vec::new();
        for folder in folders.iter().filter(|folder| self.holds(folder)) {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
            let mut fitting: Vec<String> =
                names.filter(|entry| fits(name.as_bytes(), entry.as_bytes())).take(MAX_FILES).collect();
            fitting.sort();
            found.extend(fitting.into_iter().map(|entry| folder.join(entry)));
        }
        found
    }

    fn holds(&self, folder: &Path) -> bool {
        folder.canonicalize().is_ok_and(|folder| folder.starts_with(&self.root))
    }
}

/// Bytes as text: UTF-8, or what else they were written in, which is read as ISO 8859-1.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect())
}

/// Whether a name fits a pattern; the last `*` is the only one that is ever taken back, so this is linear times quadratic
/// in lengths of a file's name at worst.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(symbol) if *symbol == b'?' || *symbol == name[n] => (p, n) = (p + 1, n + 1),
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                (p, n) = (at + 1, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|symbol| *symbol == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_files_match_whole_names() {
        for (pattern, name) in
            [("*.xml", "a.xml"), ("*", ""), ("a?c*", "abcd"), ("*a*b", "aabab"), ("x", "x")]
        {
            assert!(fits(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        for (pattern, name) in [("*.xml", "a.xmlx"), ("a?c", "ac"), ("*a*b", "aba"), ("x", "xx")] {
            assert!(!fits(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
    }

    #[test]
    fn nothing_outside_of_the_folder_is_read() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("conf");
        fs::create_dir(&inner).unwrap();
        fs::write(outer.path().join("secret.xml"), "<a/>").unwrap();
        std::os::unix::fs::symlink(outer.path().join("secret.xml"), inner.join("link.xml")).unwrap();
        let mut files = Files::open(&inner).unwrap();
        for path in ["../secret.xml", "link.xml", "/etc/hostname"] {
            assert!(files.read(&inner.join(path)).is_err(), "{path}");
        }
        assert!(files.glob(&inner, "../*.xml").is_empty());
        assert!(files.read(&inner.join("link.xml")).unwrap_err().contains("outside"));
    }

    #[test]
    fn a_link_that_leads_out_is_called_by_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link.xml")).unwrap();
        let files = Files::open(folder.path()).unwrap();
        assert_eq!(files.shown(&files.root().join("link.xml")), "link.xml");
    }

    #[test]
    fn texts_that_are_not_utf_8_are_latin_1() {
        assert_eq!(text("ä".into()), "ä");
        assert_eq!(text(vec![b'G', 0xe4]), "Gä");
    }

    #[test]
    fn a_file_that_is_too_long_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.xml");
        fs::File::create(&path).unwrap().set_len(MAX_FILE + 1).unwrap();
        assert!(Files::open(folder.path()).unwrap().read(&path).unwrap_err().contains("longer"));
    }
}
