//! The first command that somebody types, on a Debian that has nothing but what the README names.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use postern_tests::clean_root::{self, CleanRoot, USER};
use postern_tests::{tools, wait};
use serde_json::Value;

/// How long the demo may take: it starts a mail server, a webmail and Postern beside other tests.
const PATIENCE: Duration = Duration::from_secs(300);
/// Before the list of packages.
const INSTALL: &str = "sudo apt-get install --no-install-recommends ";

/// The demo, and whatever it has started, in a process group of its own, as in a terminal.
struct Demo {
    process: Child,
}

impl Demo {
    fn start(root: &CleanRoot) -> Demo {
        let log = File::create(root.tmp().join("said")).unwrap();
        let mut command = root.inside("cargo").unwrap();
        command.args(["xtask", "demo", "--ready", "/tmp/ready"]).stdin(Stdio::null());
        let process = command.stdout(log.try_clone().unwrap()).stderr(log).process_group(0).spawn().unwrap();
        Demo { process }
    }

    /// Waits for the file that says where everything is.
    fn ready(&mut self, root: &CleanRoot) -> Value {
        let file = root.tmp().join("ready");
        let text = wait::within(PATIENCE, "the demo to be ready", || {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none(), "{}", said(root));
            Ok(fs::read_to_string(&file).ok())
        });
        serde_json::from_str(&text.unwrap_or_else(|error| panic!("{error}\n{}", said(root)))).unwrap()
    }

    /// What the user types in another terminal.
    fn beside(&self, script: &str) -> String {
        let pid = self.process.id().to_string();
        let mut enter = Command::new("nsenter");
        enter.args(["--mount", "--root", "--wd", "--target", &pid, "setpriv", "--clear-groups"]);
        enter.args(["--reuid", USER, "--regid", USER, "sh", "-ec", script]);
        tools::run(&mut enter, &[]).unwrap().success().unwrap()
    }

    /// As Ctrl-C does.
    fn interrupt(&self) {
        let _ = killpg(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGINT);
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.interrupt();
        let _ = self.process.wait();
    }
}

fn said(root: &CleanRoot) -> String {
    fs::read_to_string(root.tmp().join("said")).unwrap_or_default()
}

/// What the demo asks for where nothing is installed: the packages, separated by commas.
fn packages() -> String {
    let base = CleanRoot::make("base", "").unwrap();
    let said = tools::run(base.inside("cargo").unwrap().args(["xtask", "demo"]), &[]).unwrap();
    assert_eq!(said.code, 1, "{said:#?}");
    let line = said.stderr.lines().find_map(|line| line.trim().strip_prefix(INSTALL));
    line.unwrap_or_else(|| panic!("{said:#?}")).replace(' ', ",")
}

#[test]
fn the_demo_runs_for_an_ordinary_user_on_a_clean_debian_with_the_packages_that_it_asks_for() {
    clean_root::build().unwrap();
    let root = CleanRoot::make("demo", &packages()).unwrap();
    let mut demo = Demo::start(&root);
    let ready = demo.ready(&root);

    let url = ready["webmail"]["url"].as_str().unwrap();
    let ca = root.tmp().join(Path::new(ready["ca"].as_str().unwrap()).strip_prefix("/tmp").unwrap());
    let page = tools::curl(["--fail", "--cacert", &ca.to_string_lossy(), url]).unwrap().success().unwrap();
    assert!(page.contains("rcmloginuser"), "{page}");

    // Somebody who is not protected reads mail.
    let (person, app) = (&ready["mailboxes"][2], ready["imaps"].as_str().unwrap());
    let credentials = format!("{}:{}", person["name"].as_str().unwrap(), person["password"].as_str().unwrap());
    let mail = ["--cacert", &ca.to_string_lossy(), "--user", &credentials, &format!("imaps://{app}/INBOX;UID=1")];
    assert!(tools::curl(mail).unwrap().success().unwrap().contains("Welcome to your mailbox"));

    // The command on the screen, as it is there.
    let screen = said(&root);
    let lines: Vec<&str> = screen.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.starts_with("cd /")).unwrap_or_else(|| panic!("{screen}"));
    assert!(lines[at + 1].starts_with("./postern account enable "), "{screen}");
    demo.beside(&format!("{}; {}", lines[at], lines[at + 1]));

    demo.interrupt();
    assert!(demo.process.wait().unwrap().success(), "{}", said(&root));
    let mut left: Vec<_> = fs::read_dir(root.tmp()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort_unstable();
    assert_eq!(left, ["ready", "said"]);
    for (name, pid) in ready["pids"].as_object().unwrap() {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{name} still runs");
    }
}
