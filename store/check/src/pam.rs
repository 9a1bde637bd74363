//! PAM services with `pam_postern.so`: whether they admit a sign-in without it, and whether they admit any sign-in.

use crate::pam_control::Action;
use crate::pam_dispatch::{next, passes};
use crate::pam_file::{Kind, Module, auth_stack, directories};
use crate::report::{Line, Section};
use postern_pam_options::{OPTIONS, Options};
use postern_wire::admin::Level;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// The name of the module.
const OURS: &str = "pam_postern.so";
/// The module that always refuses.
const DENY: &str = "pam_deny.so";
/// Modules that check a password.
const PASSWORD: [&str; 6] =
    ["pam_unix.so", "pam_ldap.so", "pam_sss.so", "pam_krb5.so", "pam_winbind.so", "pam_userdb.so"];
/// A sign-in that this module admits needs no second factor: root changes to another user.
const NOT_A_WAY_AROUND: &str = "pam_rootok.so";
/// The return values of a refusal by the module (pam_postern(8)).
const REFUSALS: [&str; 5] = ["auth_err", "maxtries", "conv_err", "service_err", "abort"];
/// Its return value while posternd is not running, and where no code is required.
const DOWN: &str = "authinfo_unavail";
const NOT_REQUIRED: &str = "ignore";

/// A service with its `auth` stack.
pub(crate) struct Service {
    pub(crate) name: String,
    stack: Vec<Module>,
    /// The index of the module in the stack.
    at: usize,
}

impl Service {
    /// The module's line.
    pub(crate) fn ours(&self) -> &Module {
        &self.stack[self.at]
    }

    fn finding(&self, level: Level, message: impl Into<String>) -> Line {
        Line::new(Section::Pam, level, format!("PAM {}", self.name), message)
    }

    /// Whether a sign-in passes if the module returns `value`, and every other module succeeds.
    fn passes(&self, from: usize, value: &'static str) -> bool {
        passes(&self.stack, from, |_, module| match module.name.as_str() {
            OURS => value,
            DENY | NOT_A_WAY_AROUND => "auth_err",
            _ => "success",
        })
    }
}

/// The services in `directory` that use the module.
pub(crate) fn services(directory: &Path) -> Vec<Service> {
    let entries = directories(directory).into_iter().filter_map(|place| fs::read_dir(place).ok()).flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names.dedup();
    let service = |name: String| {
        let stack = auth_stack(directory, &name);
        let at = stack.iter().position(|module| module.name == OURS)?;
        Some(Service { name, stack, at })
    };
    // Files that are included by others are not services.
    names.into_iter().filter(|name| !name.starts_with("common-")).filter_map(service).collect()
}

/// Checks whether a server listens on a socket.
pub(crate) fn connects(socket: &Path) -> io::Result<()> {
    UnixStream::connect(socket).map(drop)
}

/// The findings about a service. `connects` tries a socket.
pub(crate) fn judge(service: &Service, connects: impl Fn(&Path) -> io::Result<()>) -> Vec<Line> {
    let mut findings = unread(service);
    findings.extend(options(service, connects));
    findings.extend(ignored(service));
    findings.extend(around(service));
    findings.extend(open_enrolment(service));
    findings.extend(nobody(service));
    findings.extend(company(service));
    if findings.iter().all(|finding| finding.level == Level::Ok) {
        findings.push(service.finding(Level::Ok, "asks posternd, and nothing leads around it"));
    }
    findings
}

/// The findings about lines that libpam cannot parse.
fn unread(service: &Service) -> Vec<Line> {
    let line = |module: &Module| match &module.kind {
        Kind::Broken(why) => Some(
            service
                .finding(Level::Failure, format!("libpam cannot read a line of the stack: {why}"))
                .why("it takes such a line for a module that always fails")
                .advice("put the line right (pam.conf(5)), then try a sign-in before you log out"),
        ),
        Kind::Module | Kind::Substack => None,
    };
    service.stack.iter().filter_map(line).collect()
}

/// The findings about the module's own options.
fn options(service: &Service, connects: impl Fn(&Path) -> io::Result<()>) -> Vec<Line> {
    let ours = service.stack.iter().filter(|module| module.name == OURS && module.kind == Kind::Module);
    let judged = ours.map(|module| match Options::parse(module.args.iter().map(String::as_bytes)) {
        Err(unknown) => Some(
            service
                .finding(Level::Failure, format!("everybody is refused: {unknown}"))
                .why("the module obeys no line that it cannot read to the end")
                .advice(format!("remove it; there are {}", OPTIONS.join(", "))),
        ),
        Ok(options) => connects(&options.socket).err().map(|error| unreachable(service, &options.socket, &error)),
    });
    judged.flatten().collect()
}

/// The finding about a socket that cannot be opened.
fn unreachable(service: &Service, socket: &Path, error: &io::Error) -> Line {
    let socket = socket.display();
    match error.kind() {
        ErrorKind::PermissionDenied => {
            let text = format!("whether posternd listens on {socket} cannot be tried: {error}");
            service.finding(Level::Warning, text).advice("run this as root")
        }
        _ => {
            let text = format!("everybody is refused who needs a code: nobody listens on {socket} ({error})");
            let advice = "start posternd, or name the socket that posternd.toml has ([sockets] auth) with socket=";
            service.finding(Level::Failure, text).why("the module cannot ask posternd there").advice(advice)
        }
    }
}

/// The finding about refusals that are ignored.
fn ignored(service: &Service) -> Vec<Line> {
    let mut findings = Vec::new();
    if let Some(value) = REFUSALS.iter().find(|value| service.passes(service.at, value)) {
        let text = format!("a refusal of {OURS} does not count ({value}): write `required` or `requisite` before it");
        findings.push(service.finding(Level::Failure, text));
    } else if service.passes(service.at, DOWN) {
        let text = format!("while posternd is down, the password alone is enough ({DOWN})");
        findings.push(service.finding(Level::Warning, text));
    }
    findings
}

/// The findings about earlier modules with which a sign-in bypasses it.
fn around(service: &Service) -> Vec<Line> {
    let before = service.stack[..service.at].iter().enumerate();
    let passes_by = |at: usize, module: &Module| {
        let to = next(&service.stack, at, module.control.on("success"));
        module.kind == Kind::Module && to.is_some_and(|to| to > service.at)
    };
    let around = before.filter(|(at, module)| module.name != NOT_A_WAY_AROUND && passes_by(*at, module));
    let text = |name: &str| format!("who passes {name} is not asked for a code: it ends the stack before {OURS}");
    around.map(|(_, module)| service.finding(Level::Failure, text(&module.name))).collect()
}

/// The finding if a client with a wrong password can reach an enrolment, and so set the account's second factor.
fn open_enrolment(service: &Service) -> Option<Line> {
    let ours = service.ours();
    // With `forward_pass` the module does not enrol.
    if ours.has("no_enrol") || ours.has("forward_pass") {
        return None;
    }
    let is_password = |module: &Module| PASSWORD.contains(&module.name.as_str());
    let mut at = 0;
    while at < service.at {
        let module = &service.stack[at];
        let fails = is_password(module) || module.name == DENY || matches!(module.kind, Kind::Broken(_));
        let action = match module.kind {
            Kind::Substack => Action::Ignore,
            Kind::Module | Kind::Broken(_) => module.control.on(if fails { "auth_err" } else { "success" }),
        };
        // A sign-in that bypasses the module here is another finding.
        let action = if action == Action::Done { Action::Ok } else { action };
        at = next(&service.stack, at, action).unwrap_or(at + 1);
    }
    if at > service.at {
        return None;
    }
    let text = format!(
        "a client with a wrong password can enrol: write `requisite` before the password module, or no_enrol behind {OURS}"
    );
    service.stack[..service.at].iter().any(is_password).then(|| service.finding(Level::Failure, text))
}

/// The finding if no sign-in passes, or none of users who need no code.
fn nobody(service: &Service) -> Option<Line> {
    if service.stack.iter().any(|module| matches!(module.kind, Kind::Broken(_))) {
        return None;
    }
    if !service.passes(0, "success") {
        let text = "nobody can sign in: the stack fails where each module of it succeeds";
        return Some(
            service.finding(Level::Failure, text).advice("look at its jumps, and at pam_deny.so in their way"),
        );
    }
    let text = format!("an account that needs no code cannot sign in: let pam_permit.so follow {OURS}");
    (!service.passes(0, NOT_REQUIRED)).then(|| service.finding(Level::Warning, text))
}

/// The findings about other modules beside it.
fn company(service: &Service) -> Vec<Line> {
    let ours = service.ours();
    let mut findings = Vec::new();
    if !service.stack.iter().any(|module| PASSWORD.contains(&module.name.as_str())) {
        let text = "no module asks for a password: right only where the host has asked for something else before, such \
                    as sshd with AuthenticationMethods publickey,keyboard-interactive";
        findings.push(service.finding(Level::Warning, text));
    }
    let next = service.stack[service.at + 1..].iter().find(|module| module.kind == Kind::Module);
    if ours.has("forward_pass") && next.is_some_and(|module| module.has("use_first_pass")) {
        let text = "an account that needs no code cannot sign in: the module after forward_pass needs try_first_pass, \
                    not use_first_pass";
        findings.push(service.finding(Level::Warning, text));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The findings for a stack: the level of each, and a word of it.
    fn said(stack: &str) -> Vec<(Level, String)> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("sshd"), stack).unwrap();
        let services = services(dir.path());
        services
            .iter()
            .flat_map(|service| judge(service, |_| Ok(())))
            .map(|finding| (finding.level, finding.message))
            .collect()
    }

    #[test]
    fn the_stacks_of_the_manual_page_are_fine() {
        for stack in [
            "auth requisite pam_unix.so\nauth required pam_postern.so",
            "auth required pam_unix.so\nauth required pam_postern.so no_enrol",
            "auth requisite pam_postern.so forward_pass no_enrol\nauth required pam_unix.so try_first_pass nodelay",
            "auth sufficient pam_rootok.so\nauth requisite pam_unix.so\nauth required pam_postern.so",
            "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\n\
             auth required pam_postern.so",
            // As pam-auth-update writes it for primary modules: a refusal continues at pam_deny.so.
            "auth requisite pam_unix.so\nauth [success=1 ignore=1 default=ignore] pam_postern.so\n\
             auth requisite pam_deny.so\nauth required pam_permit.so",
        ] {
            let said = said(stack);
            assert!(matches!(&said[..], [(Level::Ok, _)]), "{stack}: {said:?}");
        }
        assert!(said("auth required pam_unix.so").is_empty(), "none of ours");
    }

    /// The effect of a mistyped line, and the module's findings about its own options.
    #[test]
    fn a_stack_in_which_everybody_is_refused_is_named() {
        for (stack, word) in [
            ("auth requisite pam_unix.so\nauth required pam_postern.so nullok", "\"nullok\""),
            ("auth requisite pam_unix.so\nauth required pam_postern.so secret=/etc/users.oath", "\"secret="),
            ("auth requisite pam_unix.so\nauth required pam_postern.so socket=", "\"socket=\""),
            (
                "auth requisite pam_unix.so\nauth required pam_postern.so debug\nauth required pam_postern.so no",
                "\"no\"",
            ),
            ("auth requisite pam_unix.so\nauth requird pam_postern.so", "\"requird\""),
            ("auth requisite pam_unix.so\r\nauth required pam_postern.so no_enrol\r", "carriage return"),
            ("atuh requisite pam_unix.so\nauth required pam_postern.so no_enrol", "\"atuh\""),
            ("@include missing\nauth required pam_postern.so no_enrol\nauth required pam_unix.so", "no file missing"),
            (
                "auth [success=3 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_postern.so",
                "nobody can",
            ),
        ] {
            let said = said(stack);
            assert!(
                said.iter().any(|(seen, text)| *seen == Level::Failure && text.contains(word)),
                "{stack}: {said:?}"
            );
        }
    }

    #[test]
    fn a_socket_on_which_nobody_listens_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let (socket, line) = (dir.path().join("auth.sock"), "auth requisite pam_unix.so\nauth required pam_postern.so");
        fs::write(dir.path().join("sshd"), format!("{line} socket={}", socket.display())).unwrap();
        let service = services(dir.path()).remove(0);
        let said = judge(&service, connects);
        assert!(said[0].level == Level::Failure && said[0].message.contains("nobody listens on /"), "{said:?}");
        let _listens = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert_eq!(judge(&service, connects)[0].level, Level::Ok);
        let denied = judge(&service, |_| Err(ErrorKind::PermissionDenied.into()));
        assert_eq!(denied[0].level, Level::Warning);
    }

    #[test]
    fn the_end_of_a_substack_is_not_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let system = "auth sufficient pam_unix.so\nauth requisite pam_deny.so";
        fs::write(dir.path().join("common-system"), system).unwrap();
        for (word, args, found) in [
            ("substack", "no_enrol", "nothing leads around"),
            ("substack", "", "can enrol"),
            ("include", "no_enrol", "passes pam_unix.so"),
        ] {
            let stack = format!("auth {word} common-system\nauth required pam_postern.so {args}");
            fs::write(dir.path().join("sshd"), stack).unwrap();
            let said = judge(&services(dir.path())[0], |_| Ok(()));
            assert!(matches!(&said[..], [finding] if finding.message.contains(found)), "{word} {args}: {said:?}");
        }
    }

    #[test]
    fn each_way_around_is_named() {
        for (stack, level, word) in [
            ("auth required pam_unix.so\nauth sufficient pam_postern.so", Level::Failure, "does not count"),
            ("auth required pam_unix.so\nauth optional pam_postern.so", Level::Failure, "does not count"),
            (
                "auth required pam_unix.so\nauth [success=ok auth_err=ignore default=die] pam_postern.so",
                Level::Failure,
                "does not count (auth_err)",
            ),
            (
                "auth required pam_unix.so\nauth [success=ok ignore=ignore authinfo_unavail=ignore default=die] pam_postern.so",
                Level::Warning,
                "while posternd is down",
            ),
            ("auth sufficient pam_unix.so\nauth required pam_postern.so", Level::Failure, "passes pam_unix.so"),
            (
                "auth [success=2 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_postern.so\n\
                 auth required pam_permit.so",
                Level::Failure,
                "passes pam_unix.so",
            ),
            ("auth required pam_unix.so\nauth required pam_postern.so", Level::Failure, "wrong password can enrol"),
            ("auth required pam_postern.so\nauth required pam_permit.so", Level::Warning, "no module asks"),
            (
                "auth requisite pam_postern.so forward_pass\nauth required pam_unix.so use_first_pass",
                Level::Warning,
                "try_first_pass",
            ),
            ("auth required pam_postern.so", Level::Warning, "pam_permit.so"),
        ] {
            let said = said(stack);
            assert!(said.iter().any(|(seen, text)| *seen == level && text.contains(word)), "{stack}: {said:?}");
        }
    }
}
