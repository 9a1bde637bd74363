//! What goes wrong here, and what the authority refuses.

use super::*;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

/// Bytes of a file that a damage leaves: not the whole of a key.
const LEFT: usize = 100;

/// It looks where nobody is, and refuses; the next attempt waits, but not for whoever has repaired it.
#[test]
fn a_name_that_leads_elsewhere() {
    let mut world = world();
    let mut lost = manners(&world);
    lost.tls_port = ports::free().unwrap();
    let mut elsewhere = authority(&world, &lost);
    elsewhere.service.start().unwrap();
    configure(&world, &elsewhere.url(), "");
    world.proxy.restart().unwrap();
    says(&world, ".example.com: Failed to connect to 127.0.0.1", 1);
    says(&world, "under that name it must reach this host", 1);
    says(&world, "the next attempt is in 15 min", 1);
    assert!(shown(world.files.webmail).is_none());
    reload(&mut world);
    says(&world, "a certificate is ordered", 2);
    says(&world, "the next attempt is in 30 min", 1);
}

#[test]
fn a_name_that_the_authority_does_not_issue_for() {
    let mut world = world();
    let mut choosy = manners(&world);
    choosy.blocked = Some("mail.example.com");
    let mut authority = authority(&world, &choosy);
    authority.service.start().unwrap();
    configure(&world, &authority.url(), "");
    world.proxy.restart().unwrap();
    says(&world, "take the name out of `domains` in [tls.acme]", 1);
}

/// Killed while the authority looks, and while files are written: the next start begins where it was.
#[test]
fn a_hard_stop_in_the_midst() {
    let mut world = world();
    let mut slow = manners(&world);
    slow.is_slow = true;
    let mut authority = authority(&world, &slow);
    authority.service.start().unwrap();
    configure(&world, &authority.url(), "");
    world.proxy.restart().unwrap();
    says(&world, "an account was made at the authority", 1);
    world.proxy.kill();
    fs::write(state(&world).join("certificate.next"), "half of").unwrap();
    world.proxy.start().unwrap();
    let first = comes(&world, world.files.webmail, None);
    is_believed(&world, &authority);
    assert_eq!(world.proxy.log().matches("an account was made").count(), 1);

    // What a disk has damaged is not shown to anybody, and replaced.
    world.proxy.kill();
    for damaged in ["certificate.pem", "account.json"] {
        let path = state(&world).join(damaged);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..LEFT]).unwrap();
    }
    world.proxy.start().unwrap();
    comes(&world, world.files.webmail, Some(&first));
    says(&world, "the certificate that is kept is of no use; another one is ordered", 1);
    says(&world, "the account's file is damaged; another account is made", 1);
}

/// What can be judged without the authority is, and `--check` leaves no trace.
#[test]
fn a_state_that_cannot_be_used() {
    let mut world = world();
    world.proxy.stop().unwrap();
    configure(&world, "https://localhost:9/dir", "");
    let run = |world: &World, check: bool| {
        let mut command = Command::new(&world.binaries.proxy);
        command.arg("--config").arg(&world.files.proxy_config).args(check.then_some("--check"));
        let outcome = tools::run(&mut command, b"").unwrap();
        (outcome.code, outcome.stderr)
    };
    assert_eq!(run(&world, true), (0, String::new()));
    assert!(!state(&world).exists());

    fs::create_dir(state(&world)).unwrap();
    fs::set_permissions(state(&world), Permissions::from_mode(0o755)).unwrap();
    let (code, said) = run(&world, false);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("others may enter it (mode 0755); `chmod 0700` it"), "{said}");

    fs::create_dir(state(&world).join("certificate.pem")).unwrap();
    let (code, said) = run(&world, true);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("certificate.pem: Is a directory") && said.contains("`state` in [tls.acme]"), "{said}");

    fs::remove_dir(state(&world).join("certificate.pem")).unwrap();
    configure(&world, "https://localhost:9/dir", "external_account_id = \"a\"\nexternal_account_key = \"/dev/null\"");
    let (code, said) = run(&world, true);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("/dev/null: is no key in base64url"), "{said}");
}
