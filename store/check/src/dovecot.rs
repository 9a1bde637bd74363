//! Dovecot with `passdb pam`: whether it admits a sign-in that PAM has refused, or was never asked about.

use crate::pam::Service;
use crate::program::{self, Ran};
use crate::report::{Line, Section};
use postern_wire::admin::Level;
use std::path::Path;

const SUBJECT: &str = "Dovecot";
/// The default PAM service of Dovecot.
const SERVICE: &str = "dovecot";
/// Mechanisms in which the client sends the password: PAM is used only with these.
const PLAIN: [&str; 2] = ["plain", "login"];

/// The findings, if Dovecot uses one of `services`. `config` is the output of `doveconf -n`; without it, the program is
/// run.
pub(crate) fn look(config: Option<&Path>, services: &[Service]) -> Vec<Line> {
    let text = match config {
        Some(path) => std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display())),
        // Dovecot cannot use PAM then.
        None if services.is_empty() => return vec![],
        None => match program::run("doveconf", &["-n"], None) {
            Ran::Said(text) => Ok(text),
            Ran::Failed(why) => Err(format!("doveconf -n failed: {why}")),
            // Dovecot is not installed on this host.
            Ran::Absent => return vec![],
        },
    };
    match text {
        Ok(text) => judge(&Config::read(&text), services),
        Err(error) => vec![Line::warning(Section::Pam, SUBJECT, error)],
    }
}

/// The relevant part of the output of `doveconf -n`.
#[derive(Debug, Default)]
struct Config {
    /// Settings outside of all blocks.
    global: Vec<(String, String)>,
    passdbs: Vec<Passdb>,
}

#[derive(Debug, Default)]
struct Passdb {
    driver: String,
    settings: Vec<(String, String)>,
}

fn value<'a>(settings: &'a [(String, String)], key: &str) -> Option<&'a str> {
    settings.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

impl Config {
    fn read(text: &str) -> Self {
        let mut config = Self::default();
        // The names of the open blocks.
        let mut open: Vec<String> = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_suffix('{') {
                let name = name.trim();
                if let Some(driver) = name.strip_prefix("passdb").filter(|_| open.is_empty()) {
                    // 2.4 has the driver, or a name that implies it, after the keyword; 2.3 has it within the block.
                    config.passdbs.push(Passdb { driver: driver.trim().to_owned(), settings: Vec::new() });
                }
                open.push(name.to_owned());
            } else if line == "}" {
                open.pop();
            } else if let Some((key, value)) = line.split_once('=') {
                let setting = (key.trim().to_owned(), value.trim().to_owned());
                match (&open[..], config.passdbs.last_mut()) {
                    ([], _) => config.global.push(setting),
                    ([block], Some(passdb)) if block.starts_with("passdb") => {
                        if ["driver", "passdb_driver"].contains(&setting.0.as_str()) {
                            passdb.driver.clone_from(&setting.1);
                        }
                        passdb.settings.push(setting);
                    }
                    _ => {}
                }
            }
        }
        config
    }
}

impl Passdb {
    /// The PAM service that it uses, if it uses one. In 2.3 the last of its arguments that is not an option.
    fn service(&self) -> Option<&str> {
        let args = value(&self.settings, "args").unwrap_or_default();
        let word = args.split_whitespace().rfind(|word| !word.contains('='));
        let named = value(&self.settings, "passdb_pam_service_name").or(word);
        (self.driver == "pam").then(|| named.unwrap_or(SERVICE))
    }

    /// Whether a sign-in that it refuses is refused in the end.
    fn ends_failures(&self) -> bool {
        let rule = value(&self.settings, "result_failure").or_else(|| value(&self.settings, "passdb_result_failure"));
        matches!(rule, Some("return" | "return-fail"))
    }
}

fn judge(config: &Config, services: &[Service]) -> Vec<Line> {
    let asked = |passdb: &Passdb| services.iter().find(|service| passdb.service() == Some(&service.name));
    let Some((at, service)) =
        config.passdbs.iter().enumerate().find_map(|(at, passdb)| asked(passdb).map(|service| (at, service)))
    else {
        return vec![];
    };
    let mut findings = Vec::new();
    let mut say = |level, text: String| findings.push(Line::new(Section::Pam, level, SUBJECT, text));
    for passdb in &config.passdbs[..at] {
        let text = format!("who signs in by passdb {}, which comes before PAM, is not asked for a code", passdb.driver);
        say(Level::Warning, text);
    }
    if let Some(next) = config.passdbs.get(at + 1).filter(|_| !config.passdbs[at].ends_failures()) {
        let text = format!(
            "a sign-in that PAM refuses goes on to passdb {}: set result_failure = return-fail in the one for PAM",
            next.driver
        );
        say(Level::Failure, text);
    }
    let cache = value(&config.global, "auth_cache_size").unwrap_or("0");
    if cache.starts_with(|char: char| ('1'..='9').contains(&char)) {
        let text = format!(
            "auth_cache_size = {cache}: a sign-in that is remembered asks nobody, for auth_cache_ttl (an hour unless set); set \
             it to 0"
        );
        say(Level::Warning, text);
    }
    let mechanisms = value(&config.global, "auth_mechanisms").unwrap_or_default();
    for mechanism in mechanisms.split_whitespace().filter(|name| !PLAIN.contains(&name.to_ascii_lowercase().as_str())) {
        say(
            Level::Warning,
            format!("the mechanism {mechanism} does not ask PAM: who signs in by it is asked for no code"),
        );
    }
    let ours = service.ours();
    if !ours.has("forward_pass") && !ours.has("use_first_pass") {
        let text = "Dovecot answers each prompt with the password: pam_postern.so needs forward_pass there".to_owned();
        say(Level::Warning, text);
    }
    if !ours.has("no_enrol") {
        say(Level::Warning, "Dovecot cannot show an enrolment: pam_postern.so needs no_enrol there".to_owned());
    }
    if findings.is_empty() {
        findings.push(Line::ok(
            Section::Pam,
            SUBJECT,
            format!("asks the PAM service {} and nobody else", service.name),
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pam;

    const GOOD: &str = "# 2.3.19.1\nauth_mechanisms = plain login\npassdb {\n  args = failure_show_msg=yes dovecot\n  \
        driver = pam\n}\nservice imap-login {\n  inet_listener imap {\n    port = 0\n  }\n}\n";
    const GOOD_2_4: &str = "auth_mechanisms = plain\npassdb pam {\n  passdb_pam_service_name = dovecot\n}\n";

    fn said(config: &str, args: &str) -> Vec<(Level, String)> {
        let dir = tempfile::tempdir().unwrap();
        let stack = format!("auth requisite pam_postern.so {args}\nauth required pam_unix.so try_first_pass");
        std::fs::write(dir.path().join("dovecot"), stack).unwrap();
        let found = judge(&Config::read(config), &pam::services(dir.path()));
        found.into_iter().map(|finding| (finding.level, finding.message)).collect()
    }

    #[test]
    fn a_good_configuration_is_fine_and_one_without_pam_is_no_matter() {
        for config in [GOOD, GOOD_2_4] {
            let said = said(config, "forward_pass no_enrol");
            assert!(matches!(&said[..], [(Level::Ok, _)]), "{said:?}");
        }
        assert!(said("passdb {\n driver = passwd-file\n}", "").is_empty());
        assert!(said("passdb {\n driver = pam\n args = other\n}", "").is_empty());
    }

    #[test]
    fn each_way_around_is_named() {
        let second = "passdb {\n  driver = sql\n}\n";
        for (config, level, word) in [
            (format!("{GOOD}{second}"), Level::Failure, "goes on to passdb sql"),
            (format!("{second}{GOOD}"), Level::Warning, "passdb sql, which comes before PAM"),
            (format!("auth_cache_size = 10 M\n{GOOD}"), Level::Warning, "auth_cache_size = 10 M"),
            (GOOD.replace("plain login", "plain GSSAPI"), Level::Warning, "GSSAPI"),
        ] {
            let said = said(&config, "forward_pass no_enrol");
            assert!(said.iter().any(|(seen, text)| *seen == level && text.contains(word)), "{config}: {said:?}");
        }
        let ends = GOOD.replace("driver = pam", "driver = pam\n  result_failure = return-fail");
        assert!(matches!(&said(&format!("{ends}{second}"), "forward_pass no_enrol")[..], [(Level::Ok, _)]));
        let said = said(GOOD, "");
        assert!(said[0].1.contains("forward_pass") && said[1].1.contains("no_enrol"), "{said:?}");
    }
}
