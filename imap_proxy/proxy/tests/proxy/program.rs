//! The program itself: its command line, its exit codes, its signals.

use crate::authority::{Authority, localhost};
use rustls::pki_types::CertificateDer;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

/// How long the program may take over what takes it no time.
const PATIENCE: Duration = Duration::from_secs(20);

struct Program {
    authority: Authority,
    address: SocketAddr,
    config: PathBuf,
}

impl Program {
    fn new() -> Self {
        let authority = Authority::new();
        let files = authority.sign();
        // Nobody else binds a port that was just given back: the kernel goes on to the next.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = authority.dir.path().join("proxy.toml");
        let text = format!(
            "[daemon]\nsocket = \"{}\"\n[tls]\ncert = \"{}\"\nkey = \"{}\"\n[webmail]\nlisten = \"{address}\"\n\
             public_url = \"https://localhost/\"\nupstream = \"http://127.0.0.1:9/\"\nproduct = \"roundcube\"\n",
            authority.dir.path().join("nobody.sock").display(),
            files.cert.display(),
            files.key.display(),
        );
        std::fs::write(&config, text).unwrap();
        Self { authority, address, config }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern-proxy"));
        command.arg("--config").arg(&self.config).env_remove("NOTIFY_SOCKET").kill_on_drop(true);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What it says when it is run to its end.
    async fn outcome(&self, more: &[&str]) -> (Option<i32>, String) {
        let output = timeout(PATIENCE, self.command().args(more).output()).await.unwrap().unwrap();
        let Output { status, stdout, stderr } = output;
        (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
    }

    /// Starts it as systemd does, and waits until it says that it is ready.
    async fn start(&self) -> (Child, UnixDatagram) {
        let path = self.authority.dir.path().join("notify.sock");
        let notify = UnixDatagram::bind(&path).unwrap();
        notify.set_read_timeout(Some(PATIENCE)).unwrap();
        let child = self.command().env("NOTIFY_SOCKET", path).spawn().unwrap();
        assert_eq!(told(&notify), "READY=1");
        (child, notify)
    }

    async fn connect(&self) -> TlsStream<TcpStream> {
        let connector = self.authority.client(&[], rustls::ALL_VERSIONS);
        connector.connect(localhost(), TcpStream::connect(self.address).await.unwrap()).await.unwrap()
    }

    async fn certificate(&self) -> CertificateDer<'static> {
        self.connect().await.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    }
}

fn told(notify: &UnixDatagram) -> String {
    let mut bytes = [0; 64];
    let count = notify.recv(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..count]).trim().to_owned()
}

fn send_signal(child: &Child, name: &str) {
    let pid = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
}

#[tokio::test]
async fn a_crash_leaves_no_dump() {
    let program = Program::new();
    let (child, _notify) = program.start().await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id().unwrap())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "{line}");
}

#[tokio::test]
async fn a_configuration_is_judged_without_opening_anything() {
    let program = Program::new();
    let _taken = TcpListener::bind(program.address).unwrap();
    let (code, said) = program.outcome(&["--check"]).await;
    assert_eq!((code, said), (Some(0), format!("{}: in order\n", program.config.display())));

    let text = std::fs::read_to_string(&program.config).unwrap();
    std::fs::write(&program.config, text.replace("listen", "lissen")).unwrap();
    let (code, said) = program.outcome(&["--check"]).await;
    assert_eq!(code, Some(2));
    assert!(said.contains("proxy.toml:7: unknown key `lissen` in [webmail]; did you mean `listen`?"), "{said}");
    let (code, _) = program.outcome(&[]).await;
    assert_eq!(code, Some(2));

    std::fs::write(&program.config, text).unwrap();
    std::fs::remove_file(program.authority.dir.path().join("key.pem")).unwrap();
    let (code, said) = program.outcome(&["--check"]).await;
    assert_eq!(code, Some(2));
    assert!(said.contains("key.pem: no private key can be read: No such file"), "{said}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let program = Program::new();
    let _taken = TcpListener::bind(program.address).unwrap();
    let (code, said) = program.outcome(&[]).await;
    assert_eq!(code, Some(1));
    let port = program.address.port();
    assert!(said.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{said}");
    assert!(said.contains(&format!("another program listens there; `ss -ltnp 'sport = :{port}'` names it")), "{said}");
}

#[tokio::test]
async fn a_log_level_that_is_none_is_refused() {
    let program = Program::new();
    let output = program.command().env("POSTERN_LOG", "postern=loud").arg("--check").output().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("POSTERN_LOG: `postern=loud` is no log level"));
}

#[tokio::test]
async fn it_starts_without_daemon_and_webmail_and_stops_in_order() {
    let program = Program::new();
    let (child, notify) = program.start().await;
    let mut stream = program.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 50"), "{answer}");
    send_signal(&child, "TERM");
    assert_eq!(told(&notify), "STOPPING=1");
    let output = timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("the webmail front listens"), "{log}");
    assert!(!log.contains('\x1b'), "colours in a file: {log}");
}

#[tokio::test]
async fn a_hangup_reads_the_certificate_again() {
    let program = Program::new();
    let (child, _notify) = program.start().await;
    let before = program.certificate().await;
    program.authority.sign();
    send_signal(&child, "HUP");
    let renewed = async { while program.certificate().await == before {} };
    timeout(PATIENCE, renewed).await.unwrap();
}

#[tokio::test]
async fn a_socket_that_systemd_has_opened_is_used() {
    let program = Program::new();
    let unnamed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let [listen, other] = [program.address, unnamed].map(|address| format!("--listen={address}"));
    let mut command = Command::new("systemd-socket-activate");
    command.args([&listen, &other, env!("CARGO_BIN_EXE_postern-proxy"), "--config"]);
    let mut child = command.arg(&program.config).kill_on_drop(true).stderr(Stdio::piped()).spawn().unwrap();
    // It becomes the proxy when the first connects; who does so before the proxy runs is served all the same.
    let connected = async { while TcpStream::connect(program.address).await.is_err() {} };
    timeout(PATIENCE, connected).await.unwrap();
    timeout(PATIENCE, program.certificate()).await.unwrap();
    send_signal(&child, "TERM");
    let mut log = String::new();
    timeout(PATIENCE, child.stderr.take().unwrap().read_to_string(&mut log)).await.unwrap().unwrap();
    assert!(log.contains("systemd passes a socket that no `listen` names"), "{log}");
    assert_eq!(child.wait().await.unwrap().code(), Some(0), "{log}");
}

#[tokio::test]
async fn a_unix_socket_that_systemd_has_opened_is_used() {
    let program = Program::new();
    let path = program.authority.dir.path().join("https.sock");
    let text = std::fs::read_to_string(&program.config).unwrap();
    let text = text.replace(&program.address.to_string(), &format!("unix:{}", path.display()));
    std::fs::write(&program.config, text).unwrap();
    let mut command = Command::new("systemd-socket-activate");
    command.arg(format!("--listen={}", path.display())).args([env!("CARGO_BIN_EXE_postern-proxy"), "--config"]);
    let mut child = command.arg(&program.config).kill_on_drop(true).stderr(Stdio::piped()).spawn().unwrap();
    let connected = async {
        loop {
            if let Ok(stream) = UnixStream::connect(&path).await {
                return stream;
            }
        }
    };
    let mut stream = timeout(PATIENCE, connected).await.unwrap();
    stream.write_all(b"PROXY TCP4 192.0.2.7 10.0.0.1 56324 443\r\n").await.unwrap();
    let connector = program.authority.client(&[], rustls::ALL_VERSIONS);
    drop(timeout(PATIENCE, connector.connect(localhost(), stream)).await.unwrap().unwrap());
    send_signal(&child, "TERM");
    let mut log = String::new();
    timeout(PATIENCE, child.stderr.take().unwrap().read_to_string(&mut log)).await.unwrap().unwrap();
    assert!(log.contains("https.sock") && !log.contains("no `listen` names"), "{log}");
    assert_eq!(child.wait().await.unwrap().code(), Some(0), "{log}");
}

#[tokio::test]
async fn it_beats_as_often_as_the_watchdog_wants() {
    let program = Program::new();
    let path = program.authority.dir.path().join("notify.sock");
    let notify = UnixDatagram::bind(&path).unwrap();
    notify.set_read_timeout(Some(PATIENCE)).unwrap();
    let _child = program.command().env("NOTIFY_SOCKET", path).env("WATCHDOG_USEC", "400000").spawn().unwrap();
    assert_eq!(told(&notify), "READY=1");
    for _ in 0..3 {
        assert_eq!(told(&notify), "WATCHDOG=1");
    }
}
