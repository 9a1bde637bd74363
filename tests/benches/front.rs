//! The webmail front beside nginx, both as a TLS reverse proxy to the same upstream, in the same run:
//!
//! ```text
//! cargo bench --package postern-tests --bench front      (needs nginx and wrk)
//! ```
//!
//! The front does the whole of its work: the requests carry a released session's cookie, which it looks up, filters
//! and swaps for the webmail's own. The upstream is a third nginx that answers as Roundcube does at sign-in, and with
//! a page of 10 KiB after it. Then 100 MB go up and come down, and the front's memory is looked at.

use postern_tests::service::{Ready, Service};
use postern_tests::{Plan, Upstream, World, mailboxes, ports, tools};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Connections that ask at the same time.
const CONNECTIONS: u32 = 64;
/// Rounds; the two take turns, so that what else the machine does meets both.
const ROUNDS: u32 = 3;
/// How long a round is.
const SECONDS: u32 = 5;
/// Bytes of the page.
const PAGE: usize = 10 * 1024;
/// Bytes that go up and come down.
const BIG: usize = 100_000_000;
/// Who signs in: an account that is not enabled, so the password is enough.
const PERSON: usize = 1;
/// Clock ticks a second in `/proc/PID/stat` (Linux: always 100 for programs).
const TICKS: f64 = 100.0;
const LIST: &str = "?_task=mail&_action=list";

fn main() {
    let directory = tempfile::tempdir().expect("a directory");
    let (upstream_port, nginx_port) = (ports::free().expect("a port"), ports::free().expect("a port"));
    write_site(directory.path());
    let mut upstream =
        nginx("upstream", directory.path(), upstream_port, &upstream_site(directory.path(), upstream_port));
    let plan = Plan { upstream: Upstream::Url(format!("http://127.0.0.1:{upstream_port}/")), ..Plan::default() };
    let mut world = World::start(plan).expect("a world");
    let tls = (&world.certificates.chain, &world.certificates.key);
    let site = proxy_site(nginx_port, upstream_port, tls.0, tls.1);
    let mut peer = nginx("peer", directory.path(), nginx_port, &site);

    let front_pid = world.proxy.pid().expect("a running front");
    let peer_pid = peer.pid().expect("a running nginx");
    let front = Door {
        name: "postern-proxy",
        url: world.files.webmail_url(),
        cookie: sign_in(&world, directory.path()),
        processes: vec![front_pid],
    };
    let peer_door = Door {
        name: "nginx",
        url: format!("https://localhost:{nginx_port}/"),
        cookie: "roundcube_sessauth=proof".to_owned(),
        processes: children(peer_pid),
    };
    println!("{:14} {:>12} {:>10} {:>15}", "", "requests/s", "p99", "CPU µs/request");
    let mut rates = [0.0; 2];
    for _ in 0..ROUNDS {
        for (door, rate) in [&front, &peer_door].into_iter().zip(&mut rates) {
            *rate += door.load();
        }
    }
    println!("front / nginx: {:.2}", rates[0] / rates[1]);

    let before = memory(front_pid);
    front.transfer(
        directory.path(),
        &["--header", "Content-Type: application/octet-stream", "--data-binary", "@big"],
        "?_task=mail&_action=upload",
    );
    let uploaded = memory(front_pid);
    front.transfer(directory.path(), &[], "?_task=mail&_action=get");
    let downloaded = memory(front_pid);
    println!(
        "front's memory (resident, highest so far; KiB): before {before:?}, after 100 MB up {uploaded:?}, down {downloaded:?}"
    );
    // In good order: the workers of a master that is killed live on.
    peer.stop().expect("nginx stops");
    upstream.stop().expect("nginx stops");
}

/// One of the two that are compared.
struct Door {
    name: &'static str,
    url: String,
    cookie: String,
    processes: Vec<u32>,
}

impl Door {
    /// Has wrk ask for a round, says how it went, and returns the requests a second.
    fn load(&self) -> f64 {
        let before = cpu_seconds(&self.processes);
        let output = Command::new("wrk")
            .args(["--threads", "1", "--latency", "--connections", &CONNECTIONS.to_string()])
            .args(["--duration", &SECONDS.to_string(), "--header", &format!("Cookie: {}", self.cookie)])
            .arg(format!("{}{LIST}", self.url))
            .output()
            .expect("wrk; apt install wrk");
        let spent = cpu_seconds(&self.processes) - before;
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!text.contains("Non-2xx") && !text.contains("Socket errors"), "{text}");
        let word = |line: &str, at: usize| text.lines().find(|it| it.contains(line))?.split_whitespace().nth(at);
        let requests: f64 =
            word("requests in", 0).and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{text}"));
        let rate = requests / f64::from(SECONDS);
        let cpu = spent / requests * 1e6;
        println!("{:14} {rate:12.0} {:>10} {cpu:15.1}", self.name, word("99%", 1).unwrap_or("?"));
        rate
    }

    fn transfer(&self, directory: &Path, how: &[&str], what: &str) {
        let output = Command::new("curl")
            .current_dir(directory.join("www"))
            .args(["--silent", "--insecure", "--fail", "--header", &format!("Cookie: {}", self.cookie)])
            .args(["--output", "/dev/null", "--write-out", "%{http_code} %{size_upload} %{size_download}"])
            .args(how)
            .arg(format!("{}{what}", self.url))
            .output()
            .expect("curl");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(told.starts_with("200") && told.contains(&BIG.to_string()), "{what}: {told}");
    }
}

/// Signs in at the front; the cookie of the released session.
fn sign_in(world: &World, directory: &Path) -> String {
    let (url, jar) = (world.files.webmail_url(), directory.join("jar"));
    let person = &mailboxes::all()[PERSON];
    let mut arguments: Vec<String> = ["--insecure", "--cookie-jar"].map(String::from).to_vec();
    arguments.push(jar.to_string_lossy().into_owned());
    let fields = [
        ("_task", "login"),
        ("_action", "login"),
        ("_token", "x"),
        ("_user", &person.name),
        ("_pass", &person.password),
    ];
    for (name, value) in fields {
        arguments.extend(["--data-urlencode".to_owned(), format!("{name}={value}")]);
    }
    arguments.push(format!("{url}?_task=login"));
    let answer = tools::curl(&arguments).and_then(tools::Outcome::success).expect("a sign-in");
    let jar = fs::read_to_string(jar).expect("curl's cookies");
    let token = jar.lines().find_map(|line| line.split("__Host-postern\t").nth(1));
    format!("__Host-postern={}", token.unwrap_or_else(|| panic!("no session: {answer}\n{}", world.proxy.log_tail())))
}

fn write_site(directory: &Path) {
    let www = directory.join("www");
    fs::create_dir(&www).expect("a directory");
    let name = &mailboxes::all()[PERSON].name;
    let mut page = format!("<html><body><span class=\"header-title username\">{name}</span>");
    page.extend(std::iter::repeat_n("mail ", (PAGE - page.len()) / 5));
    fs::write(www.join("page.html"), page).expect("a page");
    fs::write(www.join("big"), vec![7; BIG]).expect("100 MB of room");
}

/// Starts an nginx of this run.
fn nginx(name: &'static str, directory: &Path, port: u16, site: &str) -> Service {
    let config = directory.join(format!("{name}.conf"));
    let place = directory.join(name).display().to_string();
    fs::create_dir(&place).expect("a directory");
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {place}/{kind};\n"))
        .concat();
    // As root nginx would hand its workers to a user who may not read this directory.
    let user = if nix::unistd::geteuid().is_root() { "user root;\n" } else { "" };
    let text = format!(
        "{user}daemon off; worker_processes 2; pid {place}/pid; error_log {place}/error.log;\n\
         events {{ worker_connections 2048; }}\n\
         http {{ access_log off; keepalive_requests 100000000; client_max_body_size 0;\n{temporary}{site} }}\n"
    );
    fs::write(&config, text).expect("a configuration");
    let mut service = Service::new(name, "/usr/sbin/nginx", Ready::Port(port), directory).arg("-c").arg(config);
    service.start().expect("nginx; apt install nginx-light");
    service
}

fn upstream_site(directory: &Path, port: u16) -> String {
    let www = directory.join("www").display().to_string();
    format!(
        r#"map $http_cookie $inside {{ default 0; "~roundcube_sessauth=proof" 1; }}
           server {{ listen 127.0.0.1:{port}; root {www}; default_type text/html;
             location = / {{
               set $what "$request_method$inside$arg__action";
               if ($what ~ "^POST0") {{
                 add_header Set-Cookie "roundcube_sessid=live; path=/; HttpOnly";
                 add_header Set-Cookie "roundcube_sessauth=proof; path=/; HttpOnly";
                 return 302 "/?_task=mail&_token=secret";
               }}
               if ($what ~ "^GET0") {{
                 add_header Set-Cookie "roundcube_sessid=anonymous; path=/; HttpOnly";
                 return 200 '<body class="task-login"><form><input type="hidden" name="_token" value="token"></form>';
               }}
               if ($what = "POST1upload") {{ rewrite ^ /upload last; }}
               if ($what = "GET1get") {{ rewrite ^ /big last; }}
               rewrite ^ /page.html last;
             }}
             location = /upload {{
               proxy_pass http://127.0.0.1:{port}/taken; proxy_pass_request_body off; proxy_set_header Content-Length "";
             }}
             location = /taken {{ return 200; }}
           }}"#
    )
}

fn proxy_site(port: u16, upstream: u16, chain: &Path, key: &Path) -> String {
    format!(
        r#"upstream webmail {{ server 127.0.0.1:{upstream}; keepalive 128; }}
           server {{ listen 127.0.0.1:{port} ssl http2;
             ssl_certificate {}; ssl_certificate_key {}; ssl_protocols TLSv1.2 TLSv1.3;
             location / {{
               proxy_pass http://webmail; proxy_http_version 1.1; proxy_set_header Connection "";
               proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
               proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-Host $host;
             }} }}"#,
        chain.display(),
        key.display()
    )
}

fn children(parent: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).expect("/proc");
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn cpu_seconds(processes: &[u32]) -> f64 {
    let ticks = |pid: &u32| -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let behind_name = stat.rsplit(')').next()?;
        let mut fields = behind_name.split_whitespace().skip(11);
        Some(fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?)
    };
    processes.iter().filter_map(ticks).sum::<f64>() / TICKS
}

/// What is resident now, and the most that ever was.
fn memory(pid: u32) -> [u64; 2] {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("/proc");
    ["VmRSS:", "VmHWM:"].map(|name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
    })
}
