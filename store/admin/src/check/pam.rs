//! PAM services that have `pam_postern.so`: whether somebody gets in who was not asked.

use super::pam_file::{Action, Module, auth_stack};
use super::report::{Line, Section};
use postern_wire::admin::Level;
use std::fs;
use std::path::Path;

/// The module.
const OURS: &str = "pam_postern.so";
/// Modules that ask for a password.
const PASSWORD: [&str; 6] =
    ["pam_unix.so", "pam_ldap.so", "pam_sss.so", "pam_krb5.so", "pam_winbind.so", "pam_userdb.so"];
/// Who passes there needs no second factor: root becomes somebody else.
const NOT_A_WAY_AROUND: &str = "pam_rootok.so";
/// What a refusal of the module returns (pam_postern(8)).
const REFUSALS: [&str; 5] = ["auth_err", "maxtries", "conv_err", "service_err", "abort"];

/// A service and its `auth` stack.
pub(super) struct Service {
    pub(super) name: String,
    stack: Vec<Module>,
    /// Where in the stack the module is.
    at: usize,
}

impl Service {
    /// The module's line.
    pub(super) fn ours(&self) -> &Module {
        &self.stack[self.at]
    }

    fn finding(&self, level: Level, message: impl Into<String>) -> Line {
        Line::new(Section::Pam, level, format!("PAM {}", self.name), message)
    }
}

/// The services in `directory` that ask posternd.
pub(super) fn services(directory: &Path) -> Vec<Service> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    let service = |name: String| {
        let stack = auth_stack(directory, &name);
        let at = stack.iter().position(|module| module.name == OURS)?;
        Some(Service { name, stack, at })
    };
    // Files that others include are no services of their own.
    names.into_iter().filter(|name| !name.starts_with("common-")).filter_map(service).collect()
}

/// What there is to say about a service.
pub(super) fn judge(service: &Service) -> Vec<Line> {
    let mut findings = ignored(service);
    findings.extend(around(service));
    findings.extend(open_enrolment(service));
    findings.extend(company(service));
    if findings.iter().all(|finding| finding.level == Level::Ok) {
        findings.push(service.finding(Level::Ok, "asks posternd, and nothing leads around it"));
    }
    findings
}

/// Refusals that do not count.
fn ignored(service: &Service) -> Vec<Line> {
    let ours = service.ours();
    let counts = |value: &&str| !matches!(ours.on(value), Action::Ignored | Action::Skips(_));
    let mut findings = Vec::new();
    if let Some(value) = REFUSALS.iter().find(|value| !counts(value)) {
        let text = format!("a refusal of {OURS} does not count ({value}): write `required` or `requisite` before it");
        findings.push(service.finding(Level::Failure, text));
    } else if !counts(&"authinfo_unavail") {
        let text = "while posternd is down, the password alone is enough (authinfo_unavail)";
        findings.push(service.finding(Level::Warning, text));
    }
    findings
}

/// Modules before ours with which a sign-in passes it by.
fn around(service: &Service) -> Vec<Line> {
    let before = service.stack[..service.at].iter().enumerate();
    let passes_by = |at: usize, module: &Module| match module.on("success") {
        Action::Ends => true,
        Action::Skips(count) | Action::Leaves(count) => at + count >= service.at,
        Action::Counts | Action::Ignored => false,
    };
    let around = before.filter(|(at, module)| module.name != NOT_A_WAY_AROUND && passes_by(*at, module));
    let text = |name: &str| format!("who passes {name} is not asked for a code: it ends the stack before {OURS}");
    around.map(|(_, module)| service.finding(Level::Failure, text(&module.name))).collect()
}

/// Whether somebody who typed a wrong password comes as far as an enrolment, and takes the account's second factor.
fn open_enrolment(service: &Service) -> Option<Line> {
    let ours = service.ours();
    // With forward_pass the module enrols nobody.
    if ours.has("no_enrol") || ours.has("forward_pass") {
        return None;
    }
    let is_password = |module: &Module| PASSWORD.contains(&module.name.as_str());
    let mut at = 0;
    while at < service.at {
        let module = &service.stack[at];
        let fails = is_password(module) || module.name == "pam_deny.so";
        at += match module.on(if fails { "auth_err" } else { "success" }) {
            Action::Ends if fails => return None,
            Action::Skips(count) | Action::Leaves(count) => count + 1,
            // That who passes here is not asked at all is another finding.
            Action::Ends | Action::Counts | Action::Ignored => 1,
        };
    }
    let text = format!(
        "somebody with a wrong password can enrol: write `requisite` before the password module, or no_enrol behind {OURS}"
    );
    service.stack[..service.at].iter().any(is_password).then(|| service.finding(Level::Failure, text))
}

/// What stands beside ours.
fn company(service: &Service) -> Vec<Line> {
    let ours = service.ours();
    let mut findings = Vec::new();
    let others = service.stack.iter().filter(|module| module.name != OURS);
    if others.clone().next().is_none() {
        let text = format!("an account that needs no code cannot sign in: let pam_permit.so follow {OURS}");
        findings.push(service.finding(Level::Warning, text));
    }
    if !others.clone().any(|module| PASSWORD.contains(&module.name.as_str())) {
        let text = "no module asks for a password: right only where the host has asked for something else before, such \
                    as sshd with AuthenticationMethods publickey,keyboard-interactive";
        findings.push(service.finding(Level::Warning, text));
    }
    let next = service.stack[service.at + 1..].first();
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

    /// What is said of a stack: the level of each finding, and a word of it.
    fn said(stack: &str) -> Vec<(Level, String)> {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("sshd"), stack).unwrap();
        let services = services(dir.path());
        services.iter().flat_map(judge).map(|finding| (finding.level, finding.message)).collect()
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
        ] {
            let said = said(stack);
            assert!(matches!(&said[..], [(Level::Ok, _)]), "{stack}: {said:?}");
        }
        assert!(said("auth required pam_unix.so").is_empty(), "none of ours");
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
            let said = judge(&services(dir.path())[0]);
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
