//! A store that is not whole stays shut, or is put right and found whole. It never opens as less than it was.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use postern_engine::{Engine, Entry, OpenError, Repair, SledEngine};
use tempfile::TempDir;

use crate::{all, put, wait};

const RECORDS: usize = 400;

/// A closed store with some history, and what it holds.
struct Store {
    _dir: TempDir,
    path: PathBuf,
    entries: Vec<Entry>,
}

fn store() -> Store {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let engine = SledEngine::init(&path).unwrap();
    for n in 0..RECORDS {
        put(&engine, &format!("account/{:03}@example.com", n % 300), vec![n as u8; 2000]).unwrap();
    }
    // The index is made while opening: once more, so that there is one.
    drop(engine);
    let (engine, _) = SledEngine::open(&path).unwrap();
    let entries = all(&engine);
    assert_eq!(entries.len(), 300);
    Store { _dir: dir, path, entries }
}

impl Store {
    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn index(&self) -> PathBuf {
        let names = fs::read_dir(&self.path).unwrap().map(|entry| entry.unwrap().path());
        names.into_iter().find(|path| name(path).starts_with("snap.")).expect("sled has made an index")
    }

    /// Opens it, and compares it with what it held.
    fn open(&self) -> Result<Vec<Repair>, OpenError> {
        let (engine, repairs) = SledEngine::open(&self.path)?;
        assert!(all(&engine) == self.entries, "opened, but not as it was");
        Ok(repairs)
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

#[test]
fn a_whole_store_needs_no_repair() {
    assert_eq!(store().open().unwrap(), []);
}

#[test]
fn a_half_written_index_is_removed() {
    let store = store();
    let torn = store.file("snap.FFFFFFFFFFFFFFFF.generating");
    for content in [&b""[..], b"half", &[7; 4096]] {
        fs::write(&torn, content).unwrap();
        assert_eq!(store.open().unwrap(), [Repair::TornIndexRemoved(torn.clone())]);
        assert!(!torn.exists());
    }
}

#[test]
fn a_damaged_index_is_made_anew() {
    for damage in [
        |path: &Path| fs::write(path, b"").unwrap(),
        |path: &Path| {
            let mut bytes = fs::read(path).unwrap();
            bytes[10] ^= 1;
            fs::write(path, bytes).unwrap();
        },
    ] {
        let store = store();
        let index = store.index();
        damage(&index);
        let aside = store.file(&format!("aside.{}", name(&index)));
        assert_eq!(store.open().unwrap(), [Repair::IndexRebuilt(aside.clone())]);
        assert!(aside.exists());
        assert_eq!(store.open().unwrap(), []);
    }
}

#[test]
fn a_store_without_its_database_does_not_become_an_empty_one() {
    let store = store();
    fs::write(store.file("db"), b"").unwrap();
    assert!(matches!(store.open(), Err(OpenError::Damaged { .. })));
    fs::remove_file(store.file("db")).unwrap();
    assert!(matches!(store.open(), Err(OpenError::Damaged { .. })));
    assert!(!store.file("db").exists(), "nothing is made in its place");
    for entry in fs::read_dir(&store.path).unwrap().map(|entry| entry.unwrap().path()) {
        if name(&entry) != "postern.store" {
            if entry.is_dir() { fs::remove_dir_all(entry).unwrap() } else { fs::remove_file(entry).unwrap() }
        }
    }
    let refusal = store.open().unwrap_err();
    assert!(refusal.to_string().contains("restore the last export"), "{refusal}");
}

#[test]
fn a_fresh_database_in_the_place_of_the_old_is_refused() {
    let store = store();
    let dir = tempfile::tempdir().unwrap();
    let fresh = dir.path().join("fresh");
    drop(SledEngine::init(&fresh).unwrap());
    let marker = fs::read(store.file("postern.store")).unwrap();
    fs::remove_dir_all(&store.path).unwrap();
    copy(&fresh, &store.path);
    fs::write(store.file("postern.store"), marker).unwrap();
    let refusal = store.open().unwrap_err();
    assert!(matches!(refusal, OpenError::Damaged { .. }), "{refusal}");
    assert!(refusal.to_string().contains(&format!("the last {RECORDS} batches")), "{refusal}");
}

#[test]
fn a_database_that_has_lost_its_last_batch_is_refused() {
    let store = store();
    let earlier = store.path.with_extension("earlier");
    copy(&store.path, &earlier);
    let (engine, _) = SledEngine::open(&store.path).unwrap();
    put(&engine, "account/new@example.com", "enrolled").unwrap();
    drop(engine);
    let marker = fs::read(store.file("postern.store")).unwrap();
    fs::remove_dir_all(&store.path).unwrap();
    copy(&earlier, &store.path);
    assert_eq!(store.open().unwrap(), []);
    fs::write(store.file("postern.store"), marker).unwrap();
    assert!(matches!(store.open(), Err(OpenError::Damaged { .. })));
}

#[test]
fn a_store_without_its_marker_is_refused() {
    let store = store();
    let marker = fs::read(store.file("postern.store")).unwrap();
    fs::remove_file(store.file("postern.store")).unwrap();
    assert!(matches!(store.open(), Err(OpenError::Damaged { .. })));
    assert!(matches!(SledEngine::init(&store.path), Err(OpenError::Exists { .. })));
    fs::write(store.file("postern.store"), b"postern-store v2\n").unwrap();
    assert!(matches!(store.open(), Err(OpenError::Foreign { .. })));
    fs::write(store.file("postern.store"), marker).unwrap();
    store.open().unwrap();
}

#[test]
fn where_there_is_no_store_init_is_named() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().to_owned(), dir.path().join("none")] {
        let refusal = SledEngine::open(&path).unwrap_err();
        assert!(matches!(refusal, OpenError::NotInitialised { .. }), "{refusal}");
        assert!(refusal.to_string().contains("posternd init"));
    }
    assert!(!dir.path().join("none").exists());
}

#[test]
fn a_store_is_made_once_and_open_once() {
    let dir = tempfile::tempdir().unwrap();
    let engine = SledEngine::init(dir.path()).unwrap();
    assert!(matches!(SledEngine::init(dir.path()), Err(OpenError::Exists { .. })));
    let refusal = SledEngine::open(dir.path()).unwrap_err();
    assert!(matches!(refusal, OpenError::InUse { .. }), "{refusal}");
    put(&engine, "a", "1").unwrap();
    drop(engine);
    let (engine, _) = SledEngine::open(dir.path()).unwrap();
    assert_eq!(wait(engine.load(b"a")).unwrap().unwrap().0, b"1");
}

/// Cut off anywhere, the store stays shut, or the cut took nothing of it.
#[test]
fn a_database_cut_short_never_opens_as_a_part() {
    let store = store();
    let whole = store.path.with_extension("whole");
    copy(&store.path, &whole);
    let len = fs::metadata(store.file("db")).unwrap().len();
    let mut refused = 0;
    for cut in (0..16).map(|sixteenth| len * sixteenth / 16).chain([1, 512, len - 1]) {
        fs::remove_dir_all(&store.path).unwrap();
        copy(&whole, &store.path);
        let db = fs::OpenOptions::new().write(true).open(store.file("db")).unwrap();
        db.set_len(cut).unwrap();
        refused += u32::from(store.open().is_err());
    }
    assert!(refused > 10, "only {refused} of the cuts were noticed");
}

/// Zeroes anywhere, as a disk may give them: the same.
#[test]
fn a_database_with_a_hole_never_opens_as_a_part() {
    const HOLE: usize = 4096;
    let store = store();
    let whole = store.path.with_extension("whole");
    copy(&store.path, &whole);
    let len = fs::metadata(store.file("db")).unwrap().len();
    let mut refused = 0;
    for hole in (0..24).map(|part| len * part / 24) {
        for index in [true, false] {
            fs::remove_dir_all(&store.path).unwrap();
            copy(&whole, &store.path);
            if !index {
                fs::remove_file(store.index()).unwrap();
            }
            let db = fs::OpenOptions::new().write(true).open(store.file("db")).unwrap();
            db.write_all_at(&[0; HOLE], hole).unwrap();
            refused += u32::from(store.open().is_err());
        }
    }
    assert!(refused > 10, "only {refused} of the holes were noticed");
}
