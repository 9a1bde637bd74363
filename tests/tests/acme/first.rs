//! The first certificate, by either challenge, and what is kept of it.

use super::*;
use std::os::unix::fs::MetadataExt;

/// From nothing, with an authority that is not there yet, to a certificate that outlives a restart without it.
#[test]
fn by_tls_on_the_webmail_s_port() {
    let mut world = world();
    let mut authority = authority(&world, &manners(&world));
    configure(&world, &authority.url(), "");
    world.proxy.restart().unwrap();
    says(&world, "no certificate was got; there is none, and TLS is refused; the next attempt is in 5 s", 1);
    says(&world, "look at `directory` and `directory_ca` in [tls.acme]", 1);
    let port = world.files.webmail;
    // Before the first certificate nobody is let in, and the authority neither while it has not asked.
    for more in [&[][..], &["-alpn", "h2"], &["-alpn", "acme-tls/1"], &["-tls1_2"]] {
        let refused = handshake(port, DOMAINS[0], more);
        assert!(refused.stderr.contains("alert access denied"), "{refused:?}");
    }

    authority.service.start().unwrap();
    let first = comes(&world, port, None);
    is_believed(&world, &authority);
    let refused = handshake(port, DOMAINS[0], &["-alpn", "acme-tls/1"]);
    assert!(refused.stderr.contains("alert access denied"), "{refused:?}");
    for (name, mode) in [("", 0o700), ("account.json", 0o600), ("certificate.pem", 0o600)] {
        let mode_of = fs::metadata(state(&world).join(name)).unwrap().mode() & 0o7777;
        assert_eq!(mode_of, mode, "{name}");
    }

    authority.service.stop().unwrap();
    let log = world.proxy.log();
    let (orders, failures) =
        (log.matches("a certificate is ordered").count(), log.matches("no certificate was").count());
    world.proxy.restart().unwrap();
    says(&world, "the certificate of the authority is in use", 2);
    assert_eq!(shown(port), Some(first));
    let log = world.proxy.log();
    assert_eq!(log.matches("a certificate is ordered").count(), orders, "{log}");
    assert_eq!(log.matches("no certificate was").count(), failures, "{log}");
}

/// On the other port, for an authority that wants to know its customers; browsers are led to where TLS is.
#[test]
fn by_http_with_an_account_of_the_authority_s_own() {
    let mut world = world();
    let mut wants_customers = manners(&world);
    // Where TLS is looked for, nobody is.
    (wants_customers.tls_port, wants_customers.external_account) = (
        ports::free().unwrap(),
        Some(("customer-7", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W")),
    );
    let mut authority = authority(&world, &wants_customers);
    authority.service.start().unwrap();
    let http = format!("challenge = \"http-01\"\nhttp_listen = \"127.0.0.1:{}\"\n", wants_customers.http_port);
    configure(&world, &authority.url(), &http);
    world.proxy.restart().unwrap();
    says(&world, "put what it gives its customers into `external_account_id`", 1);

    let key = world.files.directory.join("hmac");
    fs::write(&key, format!("{}\n", wants_customers.external_account.unwrap().1)).unwrap();
    let bound = format!("{http}external_account_id = \"customer-7\"\nexternal_account_key = \"{}\"\n", key.display());
    configure(&world, &authority.url(), &bound);
    world.proxy.restart().unwrap();
    comes(&world, world.files.webmail, None);
    is_believed(&world, &authority);
    world.plant(wants_customers.external_account.unwrap().1);

    let at = |path: &str| {
        let url = format!("http://127.0.0.1:{}{path}", wants_customers.http_port);
        tools::curl(["--write-out", "%{http_code} %{redirect_url}", &url]).unwrap().success().unwrap()
    };
    let webmail = world.files.webmail_url();
    assert_eq!(at("/mail?a=b"), format!("301 {webmail}mail?a=b"));
    assert_eq!(at("/.well-known/acme-challenge/token"), "404 ");
}

/// Other names, or another authority: another certificate, though the one that is kept is good for long.
#[test]
fn a_changed_configuration_wants_another_certificate() {
    let mut world = world();
    let mut authority = authority(&world, &manners(&world));
    authority.service.start().unwrap();
    let port = world.files.webmail;
    configure(&world, &authority.url(), "");
    world.proxy.restart().unwrap();
    let first = comes(&world, port, None);
    let text = fs::read_to_string(&world.files.proxy_config).unwrap();
    fs::write(&world.files.proxy_config, text.replace("domains = [", "domains = [\"imap.example.com\", ")).unwrap();
    world.proxy.restart().unwrap();
    let second = comes(&world, port, Some(&first));
    let read =
        tools::run(Command::new("openssl").args(["x509", "-noout", "-ext", "subjectAltName"]), second.as_bytes());
    assert!(read.unwrap().stdout.contains("DNS:imap.example.com"));

    // One that does not find the names has an account of ours all the same; that makes the certificate no better.
    let beside = |name: &str| world.files.directory.with_file_name(name);
    let lost = Manners { tls_port: ports::free().unwrap(), ..manners(&world) };
    let mut lost = Authority::prepare(&beside("lost"), &world.certificates, &lost).unwrap();
    lost.service.start().unwrap();
    let mut other = Authority::prepare(&beside("other"), &world.certificates, &manners(&world)).unwrap();
    other.service.start().unwrap();
    configure(&world, &lost.url(), "");
    for times in 1..=2 {
        world.proxy.restart().unwrap();
        says(&world, "no certificate was got; the one in use stays; the next attempt is in 15 min", times);
    }
    assert_eq!(shown(port).as_ref(), Some(&second));
    configure(&world, &other.url(), "");
    world.proxy.restart().unwrap();
    let third = comes(&world, port, Some(&second));
    is_believed(&world, &other);

    // A reload reads it again, and orders another one where somebody has taken it away.
    reload(&mut world);
    says(&world, "the certificate was read again", 1);
    assert_eq!(shown(port).as_ref(), Some(&third));
    fs::remove_file(state(&world).join("certificate.pem")).unwrap();
    reload(&mut world);
    comes(&world, port, Some(&third));
}
