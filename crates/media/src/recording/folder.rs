//! The folder of all recordings: nothing is ever written outside of it, and nothing over what is there.

use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, mkdirat};
use nix::sys::statvfs::statvfs;

use super::sink::Medium;

/// Where files are made.
pub(super) trait Store: Send {
    /// Makes a new file; `AlreadyExists` if there is one of this name. The folders on the way are made, too.
    fn create(&mut self, path: &str) -> io::Result<Box<dyn Medium>>;

    /// The file's name for those who look for it.
    fn locate(&self, path: &str) -> String;

    /// Whether as much is free as is to be left.
    fn check_space(&self) -> io::Result<()>;
}

/// Octets.
const MEGABYTE: u64 = 1_000_000;

/// How many files may want the same name: those of rooms that begin in one second.
const MOST_ALIKE: u32 = 1000;

/// Makes `stem.extension`, or the first of `stem_2.extension` and so on that is free; its stem.
pub(super) fn claim(
    store: &mut dyn Store,
    stem: &str,
    extension: &str,
) -> io::Result<(String, Box<dyn Medium>)> {
    for n in 1..=MOST_ALIKE {
        let stem = if n == 1 { stem.to_owned() } else { format!("{stem}_{n}") };
        match store.create(&format!("{stem}.{extension}")) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|medium| (stem, medium)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A folder of the file system.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// Octets of its disk that are left to others.
    min_free: u64,
}

impl Folder {
    pub(super) fn new(root: PathBuf, min_free: u64) -> Self {
        Self { root, min_free }
    }

    /// The root is the operator's choice, so it may be a link; below it none is followed.
    fn open_root(&self) -> io::Result<OwnedFd> {
        fs::create_dir_all(&self.root)?;
        Ok(open(&self.root, OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_RDONLY, Mode::empty())?)
    }
}

impl Store for Folder {
    fn create(&mut self, path: &str) -> io::Result<Box<dyn Medium>> {
        let mut parts: Vec<CString> = path.split('/').map(name).collect::<io::Result<_>>()?;
        let file = parts.pop().ok_or(io::ErrorKind::InvalidFilename)?;
        let mut folder = self.open_root()?;
        self.check_space()?;
        for part in parts {
            folder = descend(folder, &part)?;
        }
        let how = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
        let file = openat(&folder, file.as_c_str(), how, Mode::from_bits_truncate(0o640))?;
        Ok(Box::new(File::from(file)))
    }

    fn locate(&self, path: &str) -> String {
        self.root.join(path).display().to_string()
    }

    fn check_space(&self) -> io::Result<()> {
        let disk = statvfs(&self.root)?;
        let free = disk.blocks_available().saturating_mul(disk.fragment_size());
        if free >= self.min_free {
            return Ok(());
        }
        let why = format!("only {} MB are free", free / MEGABYTE);
        Err(io::Error::new(io::ErrorKind::StorageFull, why))
    }
}

/// A part of a path that can only be a name.
fn name(part: &str) -> io::Result<CString> {
    if ["", ".", ".."].contains(&part) || part.contains('/') {
        return Err(io::ErrorKind::InvalidFilename.into());
    }
    CString::new(part).map_err(|_| io::ErrorKind::InvalidFilename.into())
}

fn descend(folder: OwnedFd, part: &CString) -> io::Result<OwnedFd> {
    match mkdirat(&folder, part.as_c_str(), Mode::from_bits_truncate(0o750)) {
        Ok(()) | Err(Errno::EEXIST) => {}
        Err(error) => return Err(error.into()),
    }
    let how = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_RDONLY;
    Ok(openat(&folder, part.as_c_str(), how, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn two_of_one_name_get_two_files_that_only_the_group_may_read() {
        let dir = tempfile::tempdir().unwrap();
        let mut folder = Folder::new(dir.path().join("new"), 0);
        let (first, _) = claim(&mut folder, "2026/11/room", "wav").unwrap();
        let (second, _) = claim(&mut folder, "2026/11/room", "wav").unwrap();
        assert_eq!((first.as_str(), second.as_str()), ("2026/11/room", "2026/11/room_2"));
        let mode = fs::metadata(dir.path().join("new/2026/11/room.wav")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777 & !0o640, 0);
        assert_eq!(folder.locate("x"), dir.path().join("new/x").display().to_string());
    }

    #[test]
    fn nothing_leads_out_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let (inside, outside) = (dir.path().join("in"), dir.path().join("out"));
        fs::create_dir_all(&inside).unwrap();
        fs::create_dir_all(&outside).unwrap();
        symlink(&outside, inside.join("link")).unwrap();
        symlink(outside.join("file"), inside.join("file.wav")).unwrap();
        let mut folder = Folder::new(inside, 0);
        for path in ["../out/x", "/etc/x", "a/../../out/x", "link/x", "file.wav", "a//b", ".", "", "a\0b"] {
            assert!(folder.create(path).is_err(), "{path:?}");
        }
        assert_eq!(fs::read_dir(outside).unwrap().count(), 0);
    }

    #[test]
    fn no_file_is_made_where_too_little_is_free() {
        let dir = tempfile::tempdir().unwrap();
        let error = Folder::new(dir.path().into(), u64::MAX).create("x").err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
