//! What is shipped beside the module: the profile of pam-auth-update, the manual page, and what `postern check` says of a
//! host that is set up so.

use postern_pam_options::OPTIONS;
use postern_tests::binaries::workspace;
use postern_tests::pam::Hosts;
use postern_tests::tools;
use std::fs;

/// The profile, put into the stack of all services as an administrator would.
#[test]
fn the_profile_of_pam_auth_update_asks_behind_the_password() {
    let mut hosts = Hosts::start().unwrap();
    // What pam-auth-update writes to, and where it finds the profiles of the system.
    for directory in ["pam-state", "profiles"] {
        fs::create_dir(hosts.path(directory)).unwrap();
    }
    let run = |hosts: &Hosts, script: &str| {
        let mut command = hosts.inside("sh");
        let module = format!("pam_postern.so socket={} domain=example.com", hosts.world.files.auth_socket.display());
        let profile = fs::read_to_string(workspace().join("packaging/pam-configs/postern")).unwrap();
        // The package's file has the module where libpam looks for it, and the daemon at its usual place.
        let profile =
            profile.replace("pam_postern.so", &module.replacen("pam_postern.so", &hosts.module.to_string_lossy(), 1));
        fs::write(hosts.path("profiles/postern"), profile).unwrap();
        let mounts = "cp /usr/share/pam-configs/* $1/profiles/ 2>/dev/null; [ -e $1/pam-state/seen ] || cp -r /var/lib/pam/. $1/pam-state/; \
            mount --bind $1/profiles /usr/share/pam-configs; mount --bind $1/pam-state /var/lib/pam;";
        command.args(["-ec", &format!("{mounts} {script}"), "sh"]).arg(hosts.path(""));
        tools::run(&mut command, &[]).unwrap()
    };
    for file in ["common-auth", "common-account", "common-password", "common-session", "common-session-noninteractive"]
    {
        fs::copy(format!("/etc/pam.d/{file}"), hosts.path("pam.d").join(file)).unwrap();
    }
    fs::write(hosts.path("pam.d/mail"), "@include common-auth\n").unwrap();
    run(&hosts, "pam-auth-update --package --enable postern").success().unwrap();
    let (password, code) = (hosts.alice.password.clone(), hosts.code().unwrap());
    let signed_in = hosts.pamtester("mail", "alice", &[&password, &code]).unwrap();
    let stack = fs::read_to_string(hosts.path("pam.d/common-auth")).unwrap();
    assert_eq!(signed_in.code, 0, "{signed_in:?}\n{stack}");
    assert_ne!(hosts.pamtester("mail", "alice", &[&password, &code]).unwrap().code, 0);
    let bob = hosts.world.mailboxes()[1].password.clone();
    let signed_in = hosts.pamtester("mail", "bob", &[&bob]).unwrap();
    assert_eq!(signed_in.code, 0, "{signed_in:?}\n{stack}{:?}", hosts.audit());
    assert_ne!(hosts.pamtester("mail", "bob", &["nonsense"]).unwrap().code, 0);

    let pam = hosts.path("pam.d");
    let check = hosts.world.postern(["check", "--pam", pam.to_str().unwrap()]).unwrap();
    assert!(check.stdout.contains("PAM mail"), "{check:?}");
    assert!(check.stdout.contains("nothing leads around it"), "{check:?}");

    run(&hosts, "pam-auth-update --package --remove postern").success().unwrap();
    assert_eq!(hosts.pamtester("mail", "alice", &[&password]).unwrap().code, 0);
}

/// The options that the page describes are those that the module takes, and the other way round.
#[test]
fn the_manual_page_has_every_option() {
    let page = fs::read_to_string(workspace().join("packaging/man/pam_postern.8")).unwrap();
    let described = page.lines().filter_map(|line| line.strip_prefix(".It Cm ")?.split(' ').next());
    let mut described: Vec<&str> = described.collect();
    let mut taken = OPTIONS.map(|option| option.trim_end_matches('='));
    described.sort_unstable();
    taken.sort_unstable();
    assert_eq!(described, taken);
}
