//! The two that are compared.

use crate::browser::{Protocol, Way, trust};
use crate::cost::{family, private_kib};
use postern_tests::service::{Ready, Service};
use postern_tests::{World, ports};
use std::fs;
use std::path::{Path, PathBuf};

/// Processes of nginx that work; the front has as many threads as there are cores.
const WORKERS: usize = 2;
/// Connections that each of them may have: more than there are.
const CONNECTIONS: usize = 20_000;
/// Connections to the upstream that are kept although nobody uses them, as many as the front keeps.
const KEPT: usize = 128;
/// Lines of a log that are shown when something is wrong.
const SHOWN_LINES: usize = 20;

/// A proxy that runs.
pub(crate) struct Candidate {
    pub(crate) name: &'static str,
    pub(crate) protocol: Protocol,
    pub(crate) way: Way,
    process: u32,
    log: PathBuf,
}

impl Candidate {
    /// Seconds of CPU so far, of all threads of all its processes. To the nanosecond (`schedstat`): a turn at a fixed
    /// rate is a few of the steps in which `/proc/PID/stat` counts.
    pub(crate) fn cpu(&self) -> f64 {
        let threads = |pid| fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let nanoseconds = |thread: fs::DirEntry| -> Option<f64> {
            fs::read_to_string(thread.path().join("schedstat")).ok()?.split(' ').next()?.parse().ok()
        };
        family(&[self.process]).into_iter().flat_map(threads).filter_map(nanoseconds).sum::<f64>() / 1e9
    }

    /// KiB of memory that are its own.
    pub(crate) fn memory(&self) -> f64 {
        private_kib(&[self.process])
    }

    /// The end of what it has said, for whoever finds it at fault.
    pub(crate) fn errors(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
    }
}

/// The front, started anew. What posternd costs is not counted: it is asked at sign-ins alone.
pub(crate) fn front(world: &mut World, protocol: Protocol) -> Candidate {
    world.proxy.restart().expect("postern-proxy");
    let way = Way { tls: trust(&world.certificates.ca, protocol), port: world.files.webmail, protocol };
    let process = world.proxy.pid().expect("it runs");
    let log = world.files.directory.join("postern-proxy.log");
    Candidate { name: "postern-proxy", protocol, way, process, log }
}

/// nginx before the upstream at `port`, which runs as long as the service is held.
pub(crate) fn nginx(world: &World, directory: &Path, protocol: Protocol, upstream: u16) -> (Service, Candidate) {
    let place = directory.join(format!("nginx-{}", protocol.word()));
    fs::create_dir(&place).expect("a directory");
    let port = ports::free().expect("a port");
    let tls = &world.certificates;
    let (chain, key, run) = (tls.chain.display(), tls.key.display(), place.display());
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {run}/{kind};\n"))
        .concat();
    // As root nginx would hand its workers to a user who may not read this directory. Polls are passed on piece by
    // piece and may last; the rest is as an administrator would write it.
    let text = format!(
        r#"user root; daemon off; worker_processes {WORKERS}; worker_rlimit_nofile {CONNECTIONS};
           pid {run}/pid; error_log {run}/error.log;
           events {{ worker_connections {CONNECTIONS}; }}
           http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 300s; {temporary}
             upstream outlook {{ server 127.0.0.1:{upstream}; keepalive {KEPT}; }}
             server {{ listen 127.0.0.1:{port} ssl http2;
               ssl_certificate {chain}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;
               proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
               proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto https;
               proxy_read_timeout 600s;
               location / {{ proxy_pass http://outlook; }}
               location = /owa/ev.owa2 {{ proxy_buffering off; proxy_pass http://outlook; }}
             }}
           }}"#
    );
    let config = place.join("nginx.conf");
    fs::write(&config, text).expect("a configuration");
    // Should this program be killed, nginx is told to end: its workers would live on.
    let mut service = Service::new("nginx", "/usr/bin/setpriv", Ready::Port(port), &place);
    for arg in ["--pdeathsig", "TERM", "/usr/sbin/nginx", "-c"] {
        service = service.arg(arg);
    }
    let mut service = service.arg(config);
    service.start().expect("nginx; apt install nginx-light");
    let way = Way { tls: trust(&tls.ca, protocol), port, protocol };
    let process = service.pid().expect("it runs");
    (service, Candidate { name: "nginx", protocol, way, process, log: place.join("error.log") })
}
