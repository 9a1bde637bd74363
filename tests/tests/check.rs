//! `postern check` over the real fronts: what it finds where all is well, and where something was opened or broken on
//! purpose.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use postern_tests::backend::private_directory;
use postern_tests::certificates::Certificates;
use postern_tests::dovecot::Dovecot;
use postern_tests::exchange_web::ExchangeWeb;
use postern_tests::service::{Ready, Service};
use postern_tests::snappymail::SnappyMail;
use postern_tests::sogo::Sogo;
use postern_tests::tools::{self, Outcome};
use postern_tests::{Plan, Upstream, World, mailboxes, ports};
use serde_json::Value;

/// When every certificate of a world ends, in seconds since 1970: the beginning of 2099.
const END: i64 = 4_070_908_800;
const DAY: i64 = 24 * 3600;

/// A report, as programs get it.
#[derive(Debug)]
struct Report {
    code: i32,
    findings: Vec<Value>,
}

impl Report {
    #[track_caller]
    fn of(outcome: Outcome) -> Report {
        let report: Value =
            serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
        Report { code: outcome.code, findings: report["findings"].as_array().unwrap().clone() }
    }

    /// The messages of a section that have this level.
    fn said(&self, section: &str, level: &str) -> Vec<String> {
        let of = |finding: &&Value| finding["section"] == section && finding["level"] == level;
        let text = |finding: &Value| format!("{}: {}", finding["subject"], finding["message"]);
        self.findings.iter().filter(of).map(text).collect()
    }

    #[track_caller]
    fn says(&self, section: &str, level: &str, words: &str) {
        assert!(self.said(section, level).iter().any(|text| text.contains(words)), "{words}\n{self:#?}");
    }

    /// That nothing but the clock, which is the machine's own matter, and PAM are less than well in these sections.
    #[track_caller]
    fn is_well(&self, sections: &[&str]) {
        for section in sections {
            let bad = [self.said(section, "warning"), self.said(section, "failure")].concat();
            assert!(bad.is_empty(), "{bad:#?}");
            assert!(!self.said(section, "ok").is_empty(), "{section}\n{self:#?}");
        }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The whole of it, with the world's own files.
fn check(world: &World, more: &[&str]) -> Report {
    let files = &world.files;
    let named =
        ["check", "--json", "--config", text(&files.posternd_config), "--proxy-config", text(&files.proxy_config)];
    let trust = ["--ca", text(&world.certificates.ca)];
    Report::of(world.postern([&named[..], &trust, more].concat()).unwrap())
}

/// From outside: without a daemon, a configuration, or a thing to find either by.
fn knock(arguments: &[&str]) -> Report {
    let mut command = Command::new(&postern_tests::binaries().unwrap().postern);
    command.env_clear().args(["check", "doors", "--json"]).args(arguments);
    Report::of(tools::run(&mut command, &[]).unwrap())
}

fn exchange_behind(endpoints: &'static str) -> (World, ExchangeWeb) {
    let exchange = ExchangeWeb::start(mailboxes::all()).unwrap();
    let upstream = Upstream::Product { product: "owa", url: exchange.url(), endpoints };
    (World::start(Plan { upstream, ..Plan::default() }).unwrap(), exchange)
}

#[test]
fn a_good_installation_is_told_as_such_and_what_breaks_is_found() {
    let plan = Plan { imap_front: true, movable_clock: true, ..Plan::default() };
    let mut world = World::start(plan).unwrap();
    let report = check(&world, &[]);
    report.is_well(&["sockets", "configuration", "certificate", "backends", "doors"]);
    assert_eq!(report.said("doors", "ok").len(), 4, "{report:#?}");
    report.says("backends", "ok", "the sign-in page of Roundcube");
    report.says("certificate", "ok", "shows the certificate of the file");
    report.says("policies", "warning", "pass without a code");

    // The webmail and the mail server themselves, as somebody finds them who can reach them.
    let dovecot = format!("imaps://localhost:{}", world.imap_front.unwrap().backend);
    let roundcube = world.backend.as_ref().unwrap().roundcube.url();
    let front = format!("imaps://localhost:{}", world.imap_front.unwrap().imaps);
    let found = knock(&[&dovecot, &roundcube, &front, &world.files.webmail_url()]);
    assert_eq!(found.code, 1);
    found.says("doors", "failure", "a mail server answers, not Postern");
    found.says("doors", "failure", "leads around Postern: / (the sign-in page of Roundcube)");
    assert_eq!(found.said("doors", "ok").len(), 2, "{found:#?}");
    let found = knock(&[&front, &world.files.webmail_url()]);
    assert_eq!((found.code, found.said("doors", "ok").len()), (0, 2), "{found:#?}");

    // Files that others can read, and a configuration that makes no sense.
    fs::set_permissions(&world.files.master_key, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&world.certificates.key, Permissions::from_mode(0o604)).unwrap();
    fs::set_permissions(&world.files.auth_socket, Permissions::from_mode(0o666)).unwrap();
    let config = fs::read_to_string(&world.files.proxy_config).unwrap();
    fs::write(&world.files.proxy_config, config.replace("public_url", "publik_url = \"\"\npublic_url")).unwrap();
    let report = check(&world, &[]);
    assert_eq!(report.code, 1);
    report.says("sockets", "failure", "\"master key\"");
    report.says("sockets", "failure", "\"TLS key\"");
    report.says("sockets", "failure", "\"auth socket\"");
    report.says("configuration", "failure", "publik_url");
    fs::set_permissions(&world.files.master_key, Permissions::from_mode(0o600)).unwrap();
    fs::write(&world.files.proxy_config, &config).unwrap();

    // Another pair in the files than the one that is shown, and a key of another pair.
    let other = tempfile::tempdir().unwrap();
    let others = Certificates::issue(other.path()).unwrap();
    let changed = config.replace(text(&world.certificates.chain), text(&others.chain));
    fs::write(&world.files.proxy_config, &changed).unwrap();
    let report = check(&world, &[]);
    report.says("certificate", "failure", "is not its key");
    report.says("certificate", "warning", "shows another certificate");
    fs::write(&world.files.proxy_config, config.replace("https://localhost", "https://nowhere.invalid")).unwrap();
    let report = check(&world, &[]);
    report.says("certificate", "warning", "it is not for nowhere.invalid");
    report.says("doors", "warning", "could not be tried from here");
    fs::write(&world.files.proxy_config, &config).unwrap();

    // Nothing behind, and no front.
    let backend = world.backend.take();
    drop(backend);
    check(&world, &[]).says("backends", "failure", "it does not answer");
    world.proxy.stop().unwrap();
    check(&world, &[]).says("doors", "failure", "the front does not answer");

    world.move_clock(END - 3 * DAY - i64::try_from(world.now()).unwrap()).unwrap();
    check(&world, &[]).says("certificate", "warning", "it expires soon: 2099-01-01");
    world.move_clock(4 * DAY).unwrap();
    let report = check(&world, &[]);
    report.says("certificate", "failure", "it has expired: 2099-01-01");
    assert_eq!(report.code, 1);
}

#[test]
fn an_endpoint_that_was_opened_is_found() {
    let (world, exchange) = exchange_behind("ews = [\"127.0.0.0/8\"]\nactivesync = \"app-password\"");
    let url = world.files.webmail_url();
    let heard = exchange.requests().len();
    let found = knock(&[&url]);
    assert_eq!(found.code, 1);
    found.says("doors", "ok", "opened by app passwords: /Microsoft-Server-ActiveSync");
    let bad = found.said("doors", "failure");
    assert!(matches!(&bad[..], [text] if text.contains("/EWS/Exchange.asmx leads around")), "{bad:?}");
    // Nobody sends any credentials.
    let requests = exchange.requests().split_off(heard);
    assert!(!requests.is_empty() && requests.iter().all(|it| it.header("authorization").is_empty()), "{requests:?}");

    // Whoever has the configuration hears that this was meant so; it stays a warning, and fails where these do.
    let report = check(&world, &[]);
    report.says("doors", "warning", "`ews` is open to 127.0.0.0/8");
    report.says("policies", "warning", "it is open to 127.0.0.0/8");
    assert_eq!((report.said("doors", "failure"), report.code), (vec![], 0), "{report:#?}");
    assert_eq!(check(&world, &["--strict"]).code, 1);

    // The configuration that runs is not the one in the file.
    let config = fs::read_to_string(&world.files.proxy_config).unwrap();
    fs::write(
        &world.files.proxy_config,
        config.replace("activesync = ", "#activesync = ").replace("ews = ", "#ews = "),
    )
    .unwrap();
    let report = check(&world, &[]);
    report.says("doors", "warning", "`activesync` is not open to any");
    report.says("doors", "failure", "/EWS/Exchange.asmx leads around");
}

#[test]
fn an_exchange_that_can_be_reached_beside_the_front_is_found() {
    let (world, exchange) = exchange_behind("");
    let report = check(&world, &["--also", &exchange.url()]);
    assert_eq!(report.code, 1);
    report.says("backends", "ok", "/owa/auth/logon.aspx (the sign-in page of Outlook on the web)");
    let around = report.said("doors", "failure");
    for endpoint in ["/owa/auth/logon.aspx", "/EWS/Exchange.asmx", "/mapi/emsmdb", "/PowerShell", "/api/"] {
        assert!(around.iter().any(|text| text.contains(endpoint)), "{endpoint}: {around:#?}");
    }
    // The front itself is closed.
    assert_eq!(knock(&[&world.files.webmail_url()]).code, 0);
    // Where nobody is, nobody gets in; what cannot be tried is not well.
    drop(exchange);
    let gone = format!("http://127.0.0.1:{}", ports::free().unwrap());
    assert_eq!(knock(&[&gone]).said("doors", "ok").len(), 1);
    assert_eq!(knock(&["https://nowhere.invalid"]).code, 1);
}

/// A load balancer of the house: everything goes to Postern, but one folder that somebody needed once. It adds to all
/// answers what the house's rules want.
#[test]
fn a_load_balancer_that_leads_around_is_found() {
    let (world, exchange) = exchange_behind("activesync = \"app-password\"");
    let directory = tempfile::tempdir().unwrap();
    let (port, folder) = (ports::free().unwrap(), directory.path().display());
    let (cert, key) = (world.certificates.chain.display(), world.certificates.key.display());
    let (front, behind, public) = (world.files.webmail_url(), exchange.url(), world.files.webmail);
    // With a path, nginx would put it in place of the one that is asked for.
    let behind = behind.trim_end_matches('/');
    let start = |led_around: &str| {
        let configuration = format!(
            "daemon off; master_process off; pid {folder}/nginx.pid; events {{ }}\nhttp {{\n access_log off;\n \
             client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;\n \
             uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n server {{\n listen 127.0.0.1:{port} ssl;\n \
             ssl_certificate {cert}; ssl_certificate_key {key};\n \
             add_header Content-Security-Policy \"frame-ancestors 'self'\" always;\n \
             proxy_set_header Host localhost:{public};\n location / {{ proxy_pass {front}; }}\n {led_around} }}\n}}\n"
        );
        let path = directory.path().join("nginx.conf");
        fs::write(&path, configuration).unwrap();
        let log = directory.path().join("error.log");
        let nginx = Service::new("nginx", "nginx", Ready::Port(port), directory.path());
        let mut nginx = nginx.arg("-c").arg(path).arg("-e").arg(log);
        nginx.start().unwrap();
        nginx
    };
    let place = format!("https://localhost:{port}");
    let nginx = start("");
    let found = knock(&[&place]);
    assert_eq!(found.code, 0, "{found:#?}");
    found.says("doors", "ok", "opened by app passwords: /Microsoft-Server-ActiveSync");
    drop(nginx);

    let _nginx = start(&format!("location /Microsoft-Server-ActiveSync {{ proxy_pass {behind}; }}"));
    let found = knock(&[&place]);
    let bad = found.said("doors", "failure");
    assert!(matches!(&bad[..], [text] if text.contains("/Microsoft-Server-ActiveSync leads around")), "{found:#?}");
}

/// The same of the webmails that Debian has, or nearly has.
#[test]
fn sogo_and_snappymail_are_found_beside_their_fronts() {
    let directory = private_directory().unwrap();
    let [tls, mail, web] = ["tls", "dovecot", "sogo"].map(|name| directory.path().join(name));
    for path in [&tls, &mail, &web] {
        fs::create_dir(path).unwrap();
    }
    let dovecot = Dovecot::start(&mail, &Certificates::issue(&tls).unwrap(), mailboxes::all()).unwrap();
    let sogo = Sogo::start(&web, dovecot.imap, &mailboxes::all()).unwrap();
    let snappymail = SnappyMail::start(&mailboxes::all(), false).unwrap();
    for (product, url, endpoints, around) in [
        (
            "sogo",
            sogo.url(),
            "dav = \"app-password\"",
            &["/SOGo/ (the sign-in page of SOGo)", "/SOGo/dav/ (basic)"][..],
        ),
        ("snappymail", snappymail.url(), "", &["/ (the sign-in page of SnappyMail)"]),
    ] {
        let found = knock(&[&url]);
        assert_eq!(found.code, 1);
        for endpoint in around {
            found.says("doors", "failure", endpoint);
        }
        let upstream = Upstream::Product { product, url, endpoints };
        let world = World::start(Plan { upstream, ..Plan::default() }).unwrap();
        check(&world, &[]).is_well(&["backends", "doors"]);
        let found = knock(&[&world.files.webmail_url()]);
        assert_eq!((found.code, found.findings.len()), (0, 1), "{found:#?}");
        let opened = found.said("doors", "ok")[0].contains("opened by app passwords: /SOGo/dav/");
        assert_eq!(opened, !endpoints.is_empty(), "{found:#?}");
    }
}

#[test]
fn what_never_answers_is_not_waited_for() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let places = ["https", "http", "imaps", "imap"].map(|scheme| format!("{scheme}://127.0.0.1:{port}"));
    let found = knock(&[&["--strict"][..], &places.each_ref().map(String::as_str)].concat());
    assert_eq!((found.said("doors", "warning").len(), found.findings.len(), found.code), (4, 4, 1), "{found:#?}");
    found.says("doors", "warning", "it cannot be judged");
}

/// People see the same, without a colour where there is no terminal.
#[test]
fn people_read_it_by_section() {
    let (world, _exchange) = exchange_behind("");
    let (config, url) = (text(&world.files.proxy_config), world.files.webmail_url());
    let shown = world.postern(["check", "--proxy-config", config]).unwrap().stdout;
    for heading in ["Sockets and permissions\n", "Clock\n", "Certificate\n", "Endpoints, from outside\n", "Policies\n"]
    {
        assert!(shown.contains(heading), "{heading}{shown}");
    }
    assert!(shown.contains("Why: ") && shown.contains("Do: ") && !shown.contains('\x1b'), "{shown}");
    let shown = world.postern(["check", "doors", &url]).unwrap();
    assert!(shown.stdout.ends_with("1 ok, 0 warnings, 0 failures\n"), "{shown:?}");
}
