//! The three that are compared.

use crate::client::trust;
use postern_tests::service::{Ready, Service};
use postern_tests::{World, ports};
use std::fs;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;

/// Processes of nginx and of Dovecot that work; the front has as many threads as there are cores.
const WORKERS: usize = 2;
/// Connections that a process may have; more than any does.
const CONNECTIONS: usize = 20_000;
/// Where Debian has the module.
const MODULE: &str = "/usr/lib/nginx/modules/ngx_mail_module.so";

/// How the backend is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    Plain,
    Tls,
}

/// A proxy that runs.
pub(crate) struct Candidate {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    pub(crate) tls: TlsConnector,
    /// Those from which all of its processes descend.
    pub(crate) processes: Vec<u32>,
    service: Service,
}

impl Candidate {
    /// The end of what it has said, for whoever finds it at fault.
    pub(crate) fn log(&self) -> String {
        self.service.log_tail()
    }
}

/// What is needed to start them.
pub(crate) struct Candidates<'a> {
    pub(crate) world: &'a World,
    pub(crate) security: Security,
    pub(crate) directory: PathBuf,
    posternd: u32,
}

impl<'a> Candidates<'a> {
    pub(crate) fn new(world: &'a World, posternd: u32, directory: PathBuf, security: Security) -> Self {
        fs::create_dir(&directory).expect("a directory");
        Self { world, security, directory, posternd }
    }

    /// Those that can reach the backend at `port` in this way. Postern is the first.
    pub(crate) fn start(&self, runtime: &Runtime, port: u16) -> Vec<Candidate> {
        let starts: [fn(&Self, &Runtime, u16) -> Candidate; 3] = [Self::postern, Self::dovecot, Self::nginx];
        // nginx's mail proxy has no TLS to a backend.
        let able = if self.security == Security::Tls { &starts[..2] } else { &starts };
        able.iter().map(|start| start(self, runtime, port)).collect()
    }

    /// A directory for one start of one of them.
    fn place(&self, name: &str, port: u16) -> PathBuf {
        let place = self.directory.join(format!("{name}-{port}"));
        fs::create_dir_all(&place).expect("a directory");
        place
    }

    fn running(&self, name: &'static str, port: u16, mut service: Service, beside: &[u32]) -> Candidate {
        service.start().unwrap_or_else(|error| panic!("{error}"));
        let own = service.pid().expect("it runs");
        let processes = [&[own], beside].concat();
        Candidate { name, port, tls: trust(&self.world.certificates.ca), processes, service }
    }

    fn postern(&self, _: &Runtime, backend: u16) -> Candidate {
        let (place, port) = (self.place("postern", backend), ports::free().expect("a port"));
        let (tls, socket) = (&self.world.certificates, self.world.files.auth_socket.display());
        let url = match self.security {
            Security::Plain => format!("imap://127.0.0.1:{backend}"),
            Security::Tls => format!("imaps://localhost:{backend}"),
        };
        let text = format!(
            "[daemon]\nsocket = '{socket}'\n[tls]\ncert = '{}'\nkey = '{}'\n\
             [imap]\nlisten = '127.0.0.1:{port}'\nbackend = '{url}'\nbackend_ca = '{}'\n",
            tls.chain.display(),
            tls.key.display(),
            tls.ca.display()
        );
        let config = write(&place, "proxy.toml", &text);
        let program = &self.world.binaries.proxy;
        let service = Service::new("postern-proxy", program, Ready::Notify, &place).arg("--config").arg(config);
        self.running("Postern", port, service, &[self.posternd])
    }

    fn dovecot(&self, _: &Runtime, backend: u16) -> Candidate {
        let (place, port) = (self.place("dovecot", backend), ports::free().expect("a port"));
        let tls = &self.world.certificates;
        let (chain, key, run) = (tls.chain.display(), tls.key.display(), place.display());
        let to = match self.security {
            Security::Plain => "host=127.0.0.1",
            // Its login processes cannot read the authority's file, so it is spared the check of the signature.
            Security::Tls => "host=127.0.0.1 ssl=any-cert",
        };
        let text = format!(
            r"
protocols = imap
base_dir = {run}/run
state_dir = {run}/run
log_path = /dev/stderr
listen = 127.0.0.1
ssl = required
ssl_cert = <{chain}
ssl_key = <{key}
auth_mechanisms = plain
default_client_limit = {CONNECTIONS}
passdb {{
  driver = static
  args = proxy=y nopassword=y {to} port={backend}
}}
service imap-login {{
  service_count = 0
  process_min_avail = {WORKERS}
  process_limit = {WORKERS}
  client_limit = {CONNECTIONS}
  vsz_limit = 0
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
"
        );
        let config = write(&place, "dovecot.conf", &text);
        let service = Service::new("dovecot", "dovecot", Ready::Port(port), &place).arg("-F").arg("-c").arg(config);
        self.running("Dovecot", port, service, &[])
    }

    fn nginx(&self, runtime: &Runtime, backend: u16) -> Candidate {
        let (place, port) = (self.place("nginx", backend), ports::free().expect("a port"));
        let tls = &self.world.certificates;
        let (chain, key, run) = (tls.chain.display(), tls.key.display(), place.display());
        let guide = guide(runtime, backend);
        // As root nginx would hand its workers to a user who may not read this directory.
        let text = format!(
            "load_module {MODULE};\nuser root;\ndaemon off;\nworker_processes {WORKERS};\n\
             worker_rlimit_nofile {CONNECTIONS};\npid {run}/pid;\nerror_log {run}/error.log;\n\
             events {{ worker_connections {CONNECTIONS}; }}\n\
             mail {{\n  server_name localhost;\n  auth_http 127.0.0.1:{guide}/;\n\
             ssl_certificate {chain};\n  ssl_certificate_key {key};\n  ssl_protocols TLSv1.2 TLSv1.3;\n\
             server {{ listen 127.0.0.1:{port} ssl; protocol imap; }}\n}}\n"
        );
        let config = write(&place, "nginx.conf", &text);
        // Should this program be killed, nginx is told to end: its workers would live on.
        let mut service = Service::new("nginx", "/usr/bin/setpriv", Ready::Port(port), &place);
        for arg in ["--pdeathsig", "TERM", "/usr/sbin/nginx", "-c"] {
            service = service.arg(arg);
        }
        self.running("nginx", port, service.arg(config), &[])
    }
}

fn write(place: &Path, name: &str, text: &str) -> PathBuf {
    let path = place.join(name);
    fs::write(&path, text).expect("a configuration");
    path
}

/// Tells nginx where everybody's mail is; the port that it listens on.
fn guide(runtime: &Runtime, backend: u16) -> u16 {
    let socket = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let port = socket.local_addr().expect("an address").port();
    let said = format!("HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: 127.0.0.1\r\nAuth-Port: {backend}\r\n\r\n");
    runtime.spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            tokio::spawn(show_the_way(stream, said.clone()));
        }
    });
    port
}

/// Whatever the request is, once it is whole.
async fn show_the_way(mut stream: TcpStream, said: String) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    stream.write_all(said.as_bytes()).await
}
