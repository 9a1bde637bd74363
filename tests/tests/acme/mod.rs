//! Certificates by ACME: Pebble issues them, openssl and curl see them.

mod first;
mod renewal;
mod strange;
mod trouble;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postern_tests::acme::{Authority, Manners};
use postern_tests::tools::{self, Outcome};
use postern_tests::{Plan, Upstream, World, ports, wait};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The names that the certificates are for.
const DOMAINS: [&str; 2] = ["mail.example.com", "webmail.example.com"];
/// What every `[tls.acme]` here has.
const ALWAYS: &str = "accept_terms = true\ncontact = [\"mailto:postmaster@example.com\"]\n\
                      domains = [\"webmail.example.com\", \"mail.example.com\"]\n";

/// Nothing is behind the webmail front: it is about the handshake.
fn world() -> World {
    World::start(Plan { upstream: Upstream::Url("http://127.0.0.1:9/".to_owned()), ..Plan::default() }).unwrap()
}

/// One that finds the webmail front, and looks for HTTP where nobody is.
fn manners(world: &World) -> Manners {
    let http_port = ports::free().unwrap();
    Manners { tls_port: world.files.webmail, http_port, external_account: None, blocked: None, is_slow: false }
}

/// An authority beside the world, not started yet.
fn authority(world: &World, manners: &Manners) -> Authority {
    Authority::prepare(&world.files.directory.with_file_name("authority"), &world.certificates, manners).unwrap()
}

/// Where the front keeps what it has from an authority.
fn state(world: &World) -> PathBuf {
    world.files.directory.join("acme")
}

/// Has the front take its certificate from the authority at this URL: what stood in [tls] is gone.
fn configure(world: &World, url: &str, more: &str) {
    let text = fs::read_to_string(&world.files.proxy_config).unwrap();
    let (before, rest) = text.split_once("[tls").unwrap();
    let (_, after) = rest.split_once("[webmail]").unwrap();
    let acme = format!(
        "[tls.acme]\n{ALWAYS}directory = \"{url}\"\ndirectory_ca = \"{}\"\nstate = \"{}\"\n{more}\n",
        world.certificates.ca.display(),
        state(world).display()
    );
    fs::write(&world.files.proxy_config, format!("{before}{acme}[webmail]{after}")).unwrap();
}

/// What openssl says when it connects to a port, as a client of this name.
fn handshake(port: u16, name: &str, more: &[&str]) -> Outcome {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-servername", name]).args(more);
    tools::run(&mut command, b"").unwrap()
}

/// The certificate that is shown at a port, in PEM; none where the handshake is refused.
fn shown(port: u16) -> Option<String> {
    let said = handshake(port, DOMAINS[0], &[]).stdout;
    let start = said.find("-----BEGIN CERTIFICATE-----")?;
    Some(said[start..].split_inclusive("-----END CERTIFICATE-----").next()?.to_owned())
}

/// Waits until another certificate than `before` is shown there.
fn comes(world: &World, port: u16, before: Option<&String>) -> String {
    let another = wait::until("another certificate", || Ok(shown(port).filter(|shown| Some(shown) != before)));
    another.unwrap_or_else(|error| panic!("{error}\n{}", world.proxy.log_tail()))
}

/// Waits until the front's log says so, so often.
fn says(world: &World, words: &str, times: usize) {
    let said = wait::until(words, || Ok((world.proxy.log().matches(words).count() >= times).then_some(())));
    said.unwrap_or_else(|error| panic!("{error}\n{}", world.proxy.log_tail()));
}

/// As `systemctl reload` does.
fn reload(world: &mut World) {
    let pid = world.proxy.pid().unwrap();
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGHUP).unwrap();
}

/// Whether curl, which trusts this authority alone, is let in under each name.
#[track_caller]
fn is_believed(world: &World, authority: &Authority) {
    let root = authority.root().unwrap().to_string_lossy().into_owned();
    for name in DOMAINS {
        let there = format!("{name}:{}", world.files.webmail);
        let resolve = format!("{there}:127.0.0.1");
        let url = format!("https://{there}/");
        tools::curl(["--cacert", &root, "--resolve", &resolve, &url]).unwrap().success().unwrap();
    }
}
