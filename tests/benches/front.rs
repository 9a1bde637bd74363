//! The webmail front beside nginx, both as a TLS reverse proxy to the same upstream, in the same run:
//!
//! ```text
//! cargo bench --package postern-tests --bench front      (needs nginx and wrk; about a minute)
//! ```
//!
//! The front does the whole of its work: the requests carry a released session's cookie, which it looks up, filters
//! and swaps for the webmail's own. The upstream is a third nginx that answers as Roundcube does at sign-in, and with
//! a page of 10 KiB after it. Then 100 MB go up and come down, and the memory of both is looked at.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it has measured")]

use postern_tests::service::{Ready, Service};
use postern_tests::{Plan, Upstream, World, mailboxes, ports, tools};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Connections that ask at the same time.
const CONNECTIONS: u32 = 64;
/// Rounds; the two take turns, so that what else the machine does meets both.
const ROUNDS: usize = 9;
/// How long a round is.
const SECONDS: u32 = 2;
/// Processes of nginx that work; the front has as many threads as there are cores.
const WORKERS: usize = 2;
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
    let _upstream = nginx("upstream", directory.path(), upstream_port, &upstream_site(directory.path(), upstream_port));
    let plan = Plan { upstream: Upstream::Url(format!("http://127.0.0.1:{upstream_port}/")), ..Plan::default() };
    let mut world = World::start(plan).expect("a world");
    let site = proxy_site(nginx_port, upstream_port, &world.certificates.chain, &world.certificates.key);
    let mut peer = nginx("peer", directory.path(), nginx_port, &site);
    let fronts = [
        Front {
            name: "nginx",
            url: format!("https://localhost:{nginx_port}/"),
            cookie: "roundcube_sessauth=proof".to_owned(),
            processes: workers(peer.pid().expect("a running nginx")),
        },
        Front {
            name: "postern-proxy",
            url: world.files.webmail_url(),
            cookie: sign_in(&world, directory.path()),
            processes: vec![world.proxy.pid().expect("a running front")],
        },
    ];
    let rounds: Vec<[Round; 2]> = (0..ROUNDS).map(|_| fronts.each_ref().map(Front::load)).collect();
    println!("medians of {ROUNDS} rounds  requests/s  ratio  p50 ms  p99 ms  CPU µs/request  ratio");
    for (at, front) in fronts.iter().enumerate() {
        let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(|round| figure(&round[at])));
        let beside =
            |figure: fn(&Round) -> f64| median(rounds.iter().map(|round| figure(&round[at]) / figure(&round[0])));
        print!("{:19}  {:10.0}  {:5.2}  ", front.name, of(|round| round.rate), beside(|round| round.rate));
        print!("{:6.2}  {:6.2}  ", of(|round| round.p50), of(|round| round.p99));
        println!("{:14.1}  {:5.2}", of(|round| round.cpu), beside(|round| round.cpu));
    }
    println!("\n100 MB up and down   MB/s up  MB/s down  KiB resident before  after up  after down  the most");
    for front in &fronts {
        let [before, _] = memory(&front.processes);
        let upload = ["--header", "Content-Type: application/octet-stream", "--data-binary", "@big"];
        let up = front.transfer(directory.path(), &upload, "?_task=mail&_action=upload", "%{speed_upload}");
        let [uploaded, _] = memory(&front.processes);
        let down = front.transfer(directory.path(), &[], "?_task=mail&_action=get", "%{speed_download}");
        let [downloaded, most] = memory(&front.processes);
        print!("{:19}  {up:7.0}  {down:9.0}  ", front.name);
        println!("{before:19}  {uploaded:8}  {downloaded:10}  {most:8}");
    }
}

/// What wrk and the kernel said of one round.
struct Round {
    /// Requests a second.
    rate: f64,
    /// The time that half of the requests took at most, in milliseconds.
    p50: f64,
    /// The same of 99 in a hundred.
    p99: f64,
    /// Microseconds of CPU, in all processes of the front together, for each request.
    cpu: f64,
}

/// One of the two that are compared.
struct Front {
    name: &'static str,
    url: String,
    cookie: String,
    processes: Vec<u32>,
}

impl Front {
    /// Has wrk ask for a round.
    fn load(&self) -> Round {
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
        let requests: Option<f64> = word("requests in", 0).and_then(|word| word.parse().ok());
        let wait = |line| word(line, 1).and_then(milliseconds);
        let (Some(requests), Some(p50), Some(p99)) = (requests, wait("50%"), wait("99%")) else { panic!("{text}") };
        Round { rate: requests / f64::from(SECONDS), p50, p99, cpu: spent / requests * 1e6 }
    }

    /// Has curl send or fetch the big file; how many million bytes a second that were.
    fn transfer(&self, directory: &Path, how: &[&str], what: &str, speed: &str) -> f64 {
        let output = Command::new("curl")
            .current_dir(directory.join("www"))
            .args(["--silent", "--insecure", "--fail", "--header", &format!("Cookie: {}", self.cookie)])
            .args(["--output", "/dev/null", "--write-out"])
            .arg(format!("%{{http_code}} %{{size_upload}} %{{size_download}} {speed}"))
            .args(how)
            .arg(format!("{}{what}", self.url))
            .output()
            .expect("curl");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(told.starts_with("200") && told.contains(&BIG.to_string()), "{what}: {told}");
        let speed: Option<f64> = told.split(' ').next_back().and_then(|speed| speed.parse().ok());
        speed.unwrap_or_else(|| panic!("{told}")) / 1e6
    }
}

/// As wrk writes a time: `640.00us`, `1.52ms`, `1.02s`.
fn milliseconds(word: &str) -> Option<f64> {
    let at = word.find(char::is_alphabetic)?;
    let unit = match &word[at..] {
        "us" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        _ => return None,
    };
    Some(word[..at].parse::<f64>().ok()? * unit)
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
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
        "{user}daemon off; worker_processes {WORKERS}; pid {place}/pid; error_log {place}/error.log;\n\
         events {{ worker_connections 2048; }}\n\
         http {{ access_log off; keepalive_requests 100000000; client_max_body_size 0;\n{temporary}{site} }}\n"
    );
    fs::write(&config, text).expect("a configuration");
    // Should this program be killed, nginx is told to end: its workers would live on.
    let mut service = Service::new(name, "/usr/bin/setpriv", Ready::Port(port), directory);
    for arg in ["--pdeathsig", "TERM", "/usr/sbin/nginx", "-c"] {
        service = service.arg(arg);
    }
    let mut service = service.arg(config);
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
               proxy_pass http://webmail; proxy_http_version 1.1; proxy_request_buffering off; proxy_set_header Connection "";
               proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
               proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-Host $host;
             }} }}"#,
        chain.display(),
        key.display()
    )
}

fn workers(master: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{master}/task/{master}/children")).expect("/proc");
    let workers: Vec<u32> = text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
    assert_eq!(workers.len(), WORKERS, "nginx has other processes than its workers");
    workers
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

/// KiB that are resident now, and the most that ever were, in all processes together.
fn memory(processes: &[u32]) -> [u64; 2] {
    ["VmRSS:", "VmHWM:"].map(|name| {
        let of = |pid: &u32| -> Option<u64> {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        processes.iter().filter_map(of).sum()
    })
}
