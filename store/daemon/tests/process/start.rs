//! Conditions under which it refuses to start, and its error messages.

use crate::home::{Home, Plan};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

fn said(output: &Output) -> String {
    assert!(!output.status.success(), "it was content");
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn refusal(home: &Home) -> String {
    home.try_start().map(|_| ()).expect_err("it has started")
}

#[test]
fn a_wrong_master_key_is_named() {
    let (home, other) = (Home::new(Plan::default()), Home::new(Plan::default()));
    let posternd = home.start_with_platform();
    posternd.stop();
    let (key, kept) = (home.path("master.key"), home.path("kept.key"));
    fs::rename(&key, &kept).unwrap();
    fs::copy(other.path("master.key"), &key).unwrap();
    assert!(refusal(&home).contains("master key"), "{}", refusal(&home));
    fs::remove_file(&key).unwrap();
    assert!(refusal(&home).contains("can't open the master key"));
    fs::write(&key, "postern-master-key v1\n1 AAAA\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(refusal(&home).contains("line 2 of the master key"));
    fs::rename(&kept, &key).unwrap();
    assert_eq!(home.start().status().platforms.len(), 1, "and nothing came to harm");
}

#[test]
fn a_master_key_that_others_can_read_is_refused() {
    let home = Home::new(Plan::default());
    for mode in [0o644, 0o640, 0o604] {
        fs::set_permissions(home.path("master.key"), fs::Permissions::from_mode(mode)).unwrap();
        let refusal = refusal(&home);
        assert!(refusal.contains(&format!("mode {mode:04o}")) && refusal.contains("chmod 600"), "{refusal}");
    }
    fs::set_permissions(home.path("master.key"), fs::Permissions::from_mode(0o400)).unwrap();
    home.start().stop();
}

#[test]
fn init_makes_nothing_over_what_is_there() {
    let home = Home::new(Plan::default());
    let key = fs::read(home.path("master.key")).unwrap();
    assert!(said(&home.output(&["init"])).contains("exists already"));
    fs::rename(home.store(), home.path("aside")).unwrap();
    assert!(said(&home.output(&["init"])).contains("a master key is never written over"));
    assert!(!home.store().exists(), "and no store was made");
    assert_eq!(fs::read(home.path("master.key")).unwrap(), key);
    assert!(refusal(&home).contains("there is no store at"));

    // Recovery from an export: the key that was kept, and a new store.
    assert!(home.output(&["init", "--existing-key"]).status.success());
    assert_eq!(fs::read(home.path("master.key")).unwrap(), key);
    assert!(said(&home.output(&["init", "--existing-key"])).contains("exists already"));
    home.start().stop();
    fs::remove_dir_all(home.store()).unwrap();
    fs::remove_file(home.path("master.key")).unwrap();
    assert!(said(&home.output(&["init", "--existing-key"])).contains("can't open the master key"));
    assert!(!home.store().exists());
}

#[test]
fn a_second_daemon_is_refused_and_the_first_goes_on() {
    let home = Home::new(Plan::default());
    let first = home.start_with_platform();
    let refused = refusal(&home);
    assert!(refused.contains("open in another process") && refused.contains("stop the other one"), "{refused}");
    // Another store with the same sockets.
    let other = Home::new(Plan::default());
    let config = fs::read_to_string(other.path("posternd.toml")).unwrap();
    let dir = |home: &Home| home.path("").display().to_string();
    let moved = config.replace(&format!("auth = \"{}", dir(&other)), &format!("auth = \"{}", dir(&home)));
    assert_ne!(moved, config);
    fs::write(other.path("posternd.toml"), moved).unwrap();
    let refused = refusal(&other);
    assert!(refused.contains("another posternd is listening there"), "{refused}");
    assert_eq!(first.status().platforms.len(), 1);
    first.stop();
    assert!(!home.auth().exists() && !home.admin().exists(), "an orderly stop takes the sockets away");
}

#[test]
fn sockets_that_a_killed_daemon_left_are_taken_over() {
    let home = Home::new(Plan::default());
    home.start().kill();
    assert!(home.auth().exists());
    home.start().stop();
}

#[test]
fn a_mistake_in_the_configuration_names_its_line_and_the_nearest_key() {
    let home = Home::new(Plan::default());
    let good = home.output(&["--check"]);
    assert!(good.status.success() && String::from_utf8_lossy(&good.stdout).contains("posternd.toml: good"));
    let config = fs::read_to_string(home.path("posternd.toml")).unwrap();
    fs::write(home.path("posternd.toml"), config.replace("default_domain", "default_domian")).unwrap();
    let line = config.lines().position(|line| line.starts_with("default_domain")).unwrap() + 1;
    for judged in [said(&home.output(&["--check"])), refusal(&home)] {
        assert!(judged.contains(&format!("line {line}")), "{judged}");
        assert!(judged.contains("did you mean `default_domain`?"), "{judged}");
    }
    fs::remove_file(home.path("posternd.toml")).unwrap();
    assert!(said(&home.output(&["--check"])).contains("Name another file with --config"));
}
