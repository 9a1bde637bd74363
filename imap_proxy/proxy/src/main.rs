//! `postern-proxy`: reads its configuration, opens its sockets, and shuts down gracefully.

mod mail_fronts;
mod serving;

use clap::Parser;
use mail_fronts::{MailFronts, MailParts};
use postern_acme::Acme;
use postern_front::activated;
use postern_front::clock;
use postern_front::daemon::Daemon;
use postern_front::tls::Certificate;
use postern_http::listener::{Listener, MAX_CONNECTIONS};
use postern_http::upstream::Upstream;
use postern_mail::MAX_WAITING;
use postern_mail::imap::Imap;
use postern_mail::pop3::Pop3;
use postern_process::activated::ActivatedSockets;
use postern_process::log::Log;
use postern_process::{limits, scrape, systemd};
use postern_products::PRODUCTS;
use postern_products::product::Product;
use postern_proxy::cli::Arguments;
use postern_proxy::config::Config;
use postern_proxy::log;
use postern_proxy::metrics::Looked;
use postern_proxy_config::{self as config, Tls};
use postern_webmail::WebmailFront;
use serving::{Serving, told};
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Exit code: the command line, the configuration or a file that it names is wrong.
const WRONG: u8 = 2;
/// Open files per connection: one to the client, one to the backend or upstream.
const FILES_EACH: usize = 2;

/// Everything that can be created, and can fail, before a socket is opened.
struct Parts {
    log: Log,
    metrics: Option<scrape::Place>,
    certificate: Arc<Certificate>,
    /// The ACME client, unless another program renews the certificate's files.
    acme: Option<Acme>,
    daemon: Daemon,
    imap: Option<MailParts<Imap>>,
    pop3: Option<MailParts<Pop3>>,
    webmail: Option<(config::Webmail, &'static dyn Product, Upstream)>,
}

fn main() -> ExitCode {
    if let Err(error) = limits::disable_core_dumps() {
        // Not to the log: its levels are not known yet.
        drop(writeln!(io::stderr(), "postern-proxy: a crash may leave a core dump: {error}"));
    }
    let arguments = Arguments::parse();
    let parts = match prepare(&arguments.config) {
        Ok(parts) => parts,
        Err(error) => {
            // Not to the log: its levels may be the problem.
            drop(writeln!(io::stderr(), "postern-proxy: {error}"));
            return WRONG.into();
        }
    };
    if arguments.check {
        drop(writeln!(io::stdout(), "{}: in order", arguments.config.display()));
        return ExitCode::SUCCESS;
    }
    // Before any thread is started: it changes the environment.
    let served = activated_sockets().and_then(|sockets| run(parts, sockets, arguments.config));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn prepare(path: &Path) -> Result<Parts, Box<dyn Error>> {
    let Config { daemon, log, metrics, tls, imap, pop3, webmail } = postern_proxy::config::load(path)?;
    let log = log::start(&log.level)?;
    let (certificate, acme) = match tls.ok_or("there is nothing to listen for")? {
        Tls::Files(files) => (Certificate::load(files)?, None),
        Tls::Acme(settings) => {
            let acme = Acme::new(*settings)?;
            (Arc::clone(acme.certificate()), Some(acme))
        }
    };
    let imap = imap.map(|settings| MailParts::new(settings, Imap::new)).transpose()?;
    let pop3 = pop3.map(|settings| MailParts::new(settings, Pop3::new)).transpose()?;
    let webmail = match webmail {
        Some(settings) => {
            let product =
                postern_products::named(PRODUCTS, &settings.product).ok_or("the product is not in the registry")?;
            let upstream = Upstream::new(&settings)?;
            Some((settings, product, upstream))
        }
        None => None,
    };
    let daemon = Daemon::new(daemon.socket);
    Ok(Parts { log, metrics: metrics.listen, certificate, acme, daemon, imap, pop3, webmail })
}

#[tokio::main]
async fn run(parts: Parts, mut sockets: ActivatedSockets, path: PathBuf) -> Result<(), Box<dyn Error>> {
    let Parts { log, metrics, certificate, acme, daemon, imap, pop3, webmail } = parts;
    let mut looked = Looked { started: clock::wall(), certificate: Arc::clone(&certificate), webmail_front: None };
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hangup = signal(SignalKind::hangup())?;
    let mail = [imap.as_ref().map(|parts| &parts.settings), pop3.as_ref().map(|parts| &parts.settings)];
    raise_file_limit(files_wanted(mail.into_iter().flatten(), webmail.is_some()));
    let (stopping, stopped) = watch::channel(());
    // Every socket is open before one is served: if one cannot be bound, the start fails instead of serving only a
    // part.
    let mut serving: Vec<Serving> = Vec::new();
    if let Some((settings, product, upstream)) = webmail {
        let tls = certificate.server_config()?;
        let tls = acme.as_ref().map_or_else(|| Arc::clone(&tls), |acme| acme.answer_at(&tls));
        let socket = activated::listen(&mut sockets, &settings.listen)?;
        let address = socket.to_string();
        let listener = Listener::new(socket, tls, settings.proxy_protocol_from.clone());
        tracing::info!(address, url = settings.public_url.origin(), "the webmail front listens");
        let webmail_front = WebmailFront::new(&settings, product, upstream, daemon.clone())?;
        looked.webmail_front = Some(Arc::clone(&webmail_front));
        let serve =
            listener.serve(move |request, peer| Arc::clone(&webmail_front).serve(request, peer), told(stopped.clone()));
        serving.push(Box::pin(serve));
    }
    let mut mail = MailFronts::new(Arc::clone(&certificate), daemon, stopped.clone());
    if let Some(parts) = imap {
        serving.extend(mail.open(parts, &mut sockets)?);
    }
    if let Some(parts) = pop3 {
        serving.extend(mail.open(parts, &mut sockets)?);
    }
    if let Some(acme) = &acme {
        acme.make_state()?;
        if let Some(address) = acme.http_listen() {
            let socket = activated::listen_at(&mut sockets, address)?;
            tracing::info!(address = %socket.local_addr()?, "HTTP is answered for the authority, and led to HTTPS");
            serving.push(Box::pin(acme.serve_http(socket, told(stopped.clone()))));
        }
    }
    if let Some(place) = metrics {
        let listener = scrape::Listener::bind(&place).await?;
        tracing::info!(%place, "metrics are shown");
        tokio::spawn(listener.serve(move || std::future::ready(looked.page())));
    }
    tokio::spawn(log::follow(log, path, signal(SignalKind::hangup())?));
    for listen in sockets.left() {
        tracing::warn!(%listen, "systemd passes a socket that no `listen` names: nobody is answered there");
    }
    systemd::notify_ready();
    match acme {
        Some(acme) => drop(tokio::spawn(acme.run(hangup))),
        None => drop(tokio::spawn(certificate.follow(hangup))),
    }
    if let Some(interval) = systemd::watchdog_interval() {
        tokio::spawn(systemd::answer_watchdog(interval));
    }
    let serving: Vec<_> = serving.into_iter().map(tokio::spawn).collect();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: no new connections, what is running may end");
    systemd::notify_stopping();
    drop(stopping);
    for front in serving {
        front.await?;
    }
    Ok(())
}

/// The sockets that systemd passes.
fn activated_sockets() -> Result<ActivatedSockets, Box<dyn Error>> {
    ActivatedSockets::from_env().map_err(|error| {
        format!(
            "a socket that systemd passes is of no use: {error}; let its unit have ListenStream=, and a port or a path from \
             / on"
        )
        .into()
    })
}

/// How many files may be open at once, with these mail fronts.
fn files_wanted<'a>(mail: impl Iterator<Item = &'a config::Mail>, has_webmail: bool) -> usize {
    let of_mail = mail.map(|settings| settings.max_sessions.get().saturating_add(MAX_WAITING));
    let of_webmail = if has_webmail { MAX_CONNECTIONS } else { 0 };
    of_mail.fold(of_webmail, usize::saturating_add).saturating_mul(FILES_EACH)
}

/// Allows as many open files as the kernel permits.
fn raise_file_limit(wanted: usize) {
    match limits::raise_open_files() {
        Ok(held) if held < wanted as u64 => tracing::warn!(
            held,
            wanted,
            "fewer files may be open than connections are allowed; raise `LimitNOFILE=` in the unit, or lower \
             `max_sessions` in [imap] and [pop3]"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}
