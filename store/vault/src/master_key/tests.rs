use std::fs::{self, Permissions};
use std::os::unix::fs::chown;

use nix::sys::stat::Mode;

use super::*;

const GOOD: &str = "postern-master-key v1\n1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

fn keys(keys: &MasterKeys) -> Vec<(u32, [u8; KEY_LEN])> {
    let active = (&keys.active.0, &keys.active.1);
    keys.older.iter().chain([active]).map(|(id, bytes)| (id.number(), **bytes)).collect()
}

#[test]
fn a_created_key_loads_and_is_readable_by_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    let created = create(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(keys(&load_file(&path).unwrap()), keys(&created));
    assert_eq!(created.active().number(), 1);
    assert_eq!(format!("{created:?}"), "[redacted]");

    let before = fs::read(&path).unwrap();
    assert!(matches!(create(&path), Err(KeyError::Exists { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn two_created_keys_differ() {
    assert_ne!(keys(&MasterKeys::generate().unwrap()), keys(&MasterKeys::generate().unwrap()));
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_command() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    create(&path).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o601, 0o644] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let refusal = load_file(&path).unwrap_err();
        assert!(matches!(refusal, KeyError::Permissions { .. }), "{mode:o}");
        assert!(refusal.to_string().ends_with(&format!("Run: chmod 600 {}", path.display())), "{refusal}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    load_file(&path).unwrap();
}

#[test]
#[expect(clippy::print_stderr, reason = "what could not be checked is said")]
fn only_a_regular_file_of_root_or_ourselves_is_read() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(load_file(dir.path()), Err(KeyError::NotAFile { .. })));
    let fifo = dir.path().join("fifo");
    nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    assert!(matches!(load_file(&fifo), Err(KeyError::NotAFile { .. })));
    assert!(matches!(load_file(&dir.path().join("none")), Err(KeyError::Io { .. })));

    let path = dir.path().join("master.key");
    create(&path).unwrap();
    if chown(&path, Some(12345), None).is_ok() {
        assert!(matches!(load_file(&path), Err(KeyError::Owner { uid: 12345, .. })));
    } else {
        eprintln!("not root: nobody else's file to try");
    }
}

#[test]
fn a_credential_is_read_by_its_plain_name() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("key"), GOOD).unwrap();
    let directory = Some(dir.path().as_os_str());
    assert_eq!(keys(&load_credential(directory, "key").unwrap()), [(1, [0; KEY_LEN])]);
    assert!(matches!(load_credential(directory, "other"), Err(KeyError::Io { .. })));
    assert!(matches!(load_credential(None, "key"), Err(KeyError::NoCredentials { .. })));
    for name in ["", "../key", "a/key", ".", "/key"] {
        assert!(matches!(load_credential(directory, name), Err(KeyError::NoCredentials { .. })), "{name}");
    }
}

#[test]
fn the_highest_id_is_active_wherever_it_stands() {
    let text = format!(
        "{HEAD}\n# old and new\n\n9 {two}\n  1 {one}  \n",
        one = BASE64.encode([1; 32]),
        two = BASE64.encode([2; 32])
    );
    let ring = MasterKeys::parse(text.as_bytes()).unwrap();
    assert_eq!(keys(&ring), [(1, [1; 32]), (9, [2; 32])]);
    assert_eq!(ring.active().number(), 9);
    assert_eq!(keys(&MasterKeys::parse(ring.to_text().as_bytes()).unwrap()), keys(&ring));
}

#[test]
fn a_wrong_line_is_named_and_its_key_is_not() {
    let key = BASE64.encode([7; 32]);
    for (text, line) in [
        (String::new(), 1),
        ("postern-master-key v2\n".to_owned(), 1),
        (format!("{HEAD}\n"), 1),
        (format!("{HEAD}\n0 {key}\n"), 2),
        (format!("{HEAD}\n-1 {key}\n"), 2),
        (format!("{HEAD}\n4294967296 {key}\n"), 2),
        (format!("{HEAD}\n{key}\n"), 2),
        (format!("{HEAD}\n1 {key}\n2 {}\n", BASE64.encode([7; 31])), 3),
        (format!("{HEAD}\n1 {key}\n2 {}\n", BASE64.encode([7; 33])), 3),
        (format!("{HEAD}\n1 {}\n", BASE64.encode([7; 64])), 2),
        (format!("{HEAD}\n1 {}\n", &key[1..]), 2),
        (format!("{HEAD}\n1 {key}\n#\n1 {key}\n"), 4),
    ] {
        let refusal = MasterKeys::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(refusal, KeyError::Syntax { line: found, .. } if found == line), "{text:?}: {refusal}");
        assert!(!refusal.to_string().contains(&key));
    }
    assert!(matches!(MasterKeys::parse(b"\xff"), Err(KeyError::Syntax { line: 1, .. })));
}

#[test]
fn a_locked_file_gets_no_key_from_anyone_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    create(&path).unwrap();
    let mut file = KeyFile::lock(&path).unwrap();
    assert!(matches!(add(&path), Err(KeyError::Busy { .. })));
    let added = file.add().unwrap();
    // The new file is locked as well: the holder has not taken up the new key yet.
    assert!(matches!(add(&path), Err(KeyError::Busy { .. })));
    drop(file);
    let later = add(&path).unwrap();
    assert_eq!((added.active().number(), later.active().number()), (2, 3));
    assert_eq!(keys(&later)[..2], keys(&added));
}

/// Nothing is lost, however the calls overlap: each either adds its key to all that are there, or says that it did not.
#[test]
fn keys_that_are_added_at_once_are_all_in_the_file() {
    const CALLERS: usize = 4;
    const EACH: usize = 10;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    let mut all = keys(&create(&path).unwrap());
    let caller = || {
        let added = (0..EACH).filter_map(|_| match add(&path) {
            Ok(added) => keys(&added).pop(),
            Err(KeyError::Busy { .. }) => None,
            Err(error) => panic!("{error}"),
        });
        added.collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(caller)).collect();
        callers.into_iter().for_each(|caller| all.extend(caller.join().unwrap()));
    });
    all.sort();
    assert_eq!(keys(&load_file(&path).unwrap()), all);
}
