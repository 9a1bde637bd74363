//! Running under systemd: socket activation, a passed key, and a watchdog.

use crate::calls::connect;
use crate::home::{Home, Plan};
use crate::wait_until;
use nix::unistd::{chown, geteuid};
use postern_wire::CallError;
use postern_wire::auth::{self, Ask, AskVerdict, Channel, Origin};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

/// Timeout for events that normally happen at once.
const PATIENCE: Duration = Duration::from_secs(20);
/// The program.
const POSTERND: &str = env!("CARGO_BIN_EXE_posternd");
/// Number of stops under load: each may occur while a call is being sent.
const STOPS: usize = 20;
/// A user that is neither root nor the user who runs the tests.
const NOBODY: u32 = 65_534;

#[test]
fn a_client_that_connects_before_it_runs_is_served_and_the_sockets_stay() {
    let home = Home::new(Plan::default());
    let listen = |name: &str| format!("--listen={}", home.path(name).display());
    let (auth, admin, other) = (listen("auth.sock"), listen("admin.sock"), listen("other.sock"));
    // It opens the sockets, waits for the first connection, and then executes posternd.
    let kept = ["--setenv=POSTERN_LOG", "--setenv=NOTIFY_SOCKET"];
    let words = [&["systemd-socket-activate", &auth, &admin, &other][..], &kept, &[POSTERND]].concat();
    let running = home.spawn(&words);
    wait_until("the sockets are open", PATIENCE, || UnixStream::connect(home.admin()).is_ok());
    let early = connect(&home.auth());
    running.make_platform();
    assert_eq!(running.status().platforms.len(), 1);
    drop(early);
    // Logged beside the first calls, which are served at once.
    wait_until("the socket of no use is named", PATIENCE, || {
        home.log().contains("other.sock, which [sockets] does not name")
    });
    running.stop();
    assert!(home.auth().exists() && home.admin().exists(), "they are systemd's");
}

#[test]
fn a_socket_that_is_none_of_its_own_kind_is_refused() {
    let home = Home::new(Plan::default());
    let listen = format!("--listen={}", home.auth().display());
    let mut running = home.spawn(&["systemd-socket-activate", "--datagram", &listen, POSTERND]);
    wait_until("the socket is there", PATIENCE, || home.auth().exists());
    let waker = std::os::unix::net::UnixDatagram::unbound().unwrap();
    waker.send_to(b"x", home.auth()).unwrap();
    assert!(matches!(running.ready_within(PATIENCE), Some(Err(status)) if !status.success()));
    assert!(home.log().contains("a socket that systemd passes is of no use"), "{}", home.log());
}

#[test]
fn a_credential_comes_before_the_file() {
    let home = Home::new(Plan::default());
    let credentials = home.path("credentials");
    fs::create_dir(&credentials).unwrap();
    fs::rename(home.path("master.key"), credentials.join("postern-master-key")).unwrap();
    let directory = format!("CREDENTIALS_DIRECTORY={}", credentials.display());
    let mut running = home.spawn(&["env", &directory, POSTERND]);
    assert!(matches!(running.ready_within(PATIENCE), Some(Ok(()))), "{}", home.log());
    running.stop();
    assert!(home.try_start().is_err_and(|said| said.contains("can't open the master key")));
}

#[test]
fn it_beats_as_often_as_the_watchdog_wants() {
    let home = Home::new(Plan::default());
    let mut running = home.spawn(&["env", "WATCHDOG_USEC=400000", POSTERND]);
    assert!(matches!(running.ready_within(PATIENCE), Some(Ok(()))), "{}", home.log());
    for beat in 0..3 {
        assert!(running.told_within(PATIENCE, "WATCHDOG=1"), "beat {beat}");
    }
    running.stop();
    let mut unwatched = home.start();
    assert!(!unwatched.told_within(Duration::from_millis(500), "WATCHDOG=1"));
}

#[test]
fn init_by_root_makes_the_store_for_the_owner_of_its_directory() {
    if !geteuid().is_root() {
        return crate::skipped("only root can give files away");
    }
    let home = Home::new(Plan::default());
    fs::remove_dir_all(home.store()).unwrap();
    fs::remove_file(home.path("master.key")).unwrap();
    chown(&home.path(""), Some(NOBODY.into()), Some(NOBODY.into())).unwrap();
    assert!(home.output(&["init"]).status.success());
    let owner = |name: &str| fs::metadata(home.path(name)).unwrap().uid();
    assert_eq!((owner("store"), owner("master.key")), (NOBODY, 0));
    for file in crate::home::files_below(home.store()) {
        assert_eq!(fs::metadata(&file).unwrap().uid(), NOBODY, "{}", file.display());
    }
}

#[test]
fn init_if_absent_makes_once_and_never_again() {
    let home = Home::new(Plan::default());
    let (key, store) = (home.path("master.key"), home.store());
    let before = fs::read(&key).unwrap();
    for remove_store in [false, true] {
        if remove_store {
            fs::remove_dir_all(store).unwrap();
        }
        let again = home.output(&["init", "--if-absent"]);
        assert!(again.status.success() && String::from_utf8_lossy(&again.stdout).contains("nothing was made"));
        assert_eq!(fs::read(&key).unwrap(), before);
        assert_ne!(store.exists(), remove_store);
    }
    fs::remove_file(&key).unwrap();
    assert!(home.output(&["init", "--if-absent"]).status.success());
    home.start().stop();
}

/// If sending fails, a front can ask again; if a call was read but not answered, it cannot.
#[test]
fn a_stop_loses_no_call_of_which_its_sender_cannot_know() {
    let home = Home::new(Plan::default());
    for _ in 0..STOPS {
        let running = home.start();
        let mut client = connect(&home.auth());
        let question = Ask {
            name: "bob@example.com".to_owned(),
            channel: Channel::Webmail,
            origin: Origin::default(),
            ..Ask::default()
        };
        let mut ask = move || client.call::<AskVerdict>(auth::INTERFACE, "Ask", &question);
        let _ = ask().unwrap();
        let asker = thread::spawn(move || {
            loop {
                if let Err(error) = ask() {
                    return error;
                }
            }
        });
        running.stop();
        let error = asker.join().unwrap();
        assert!(matches!(&error, CallError::Lost(why) if why.kind() == ErrorKind::BrokenPipe), "{error}");
    }
}
