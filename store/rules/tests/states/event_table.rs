//! The tables of events: what comes of each, in each state.

use crate::accounts::*;
use crate::document::table;
use crate::events::{By, Event, Import, Offered, decide};
use postern_rules::contact::Address;
use postern_rules::factor::{BACKUP, CONTACT};
use postern_rules::request::REQUESTS_A_DAY;
use postern_rules::sent::DAY;
use postern_rules::source::Source;
use postern_rules::{Account, AppPassword, Channel, Factor, Platform, Proof, Time};
use std::collections::BTreeSet;

struct Row<'a> {
    platform: &'a str,
    state: &'a str,
    event: &'a str,
    verdict: &'a str,
    next: &'a str,
}

fn rows() -> Vec<Row<'static>> {
    let cells = table(["platform", "state", "event", "verdict", "next"]).into_iter();
    cells.map(|[platform, state, event, verdict, next]| Row { platform, state, event, verdict, next }).collect()
}

/// An account to which an event is about to happen, and what is brought along.
struct Scene<'a> {
    event: &'a str,
    account: Account,
    platform: Platform,
    now: Time,
    proof: Proof,
    /// Ids of the first method and of the last.
    factor: String,
    key: String,
    backup_code: String,
    /// What was typed into one field, where something was.
    field: String,
    app_password: AppPassword,
}

impl<'a> Scene<'a> {
    fn of(row: &Row<'a>) -> Self {
        let event = row.event.strip_suffix(", an hour later").unwrap_or(row.event);
        let later = match row.event.rsplit_once(", ").map_or(row.event, |(_, when)| when) {
            "an hour later" | "an hour passes" => 3600,
            "a second less than an hour passes" => 3599,
            "a day later" => DAY,
            "30 days later" => 30 * DAY,
            "a second before 30 days are over" => 30 * DAY - 1,
            "answer an earlier code once more" => 2,
            _ => 0,
        };
        let (platform, now) = (platform(row.platform), NOW.plus(later));
        let mut account = before(account(row.state), event);
        let proof = own_proof(&mut account, event);
        let id = |factor: Option<&Factor>| factor.map_or("none".to_owned(), |factor| factor.id.clone());
        let (factor, key) = (id(account.factors.first()), id(account.factors.last()));
        if event.contains("the app password") {
            account = with_app_password(&account, event);
        }
        let app_password = AppPassword::keep(&app_password(), &account.mailbox, sealed(NOW), NOW);
        let (backup_code, field) = (backup_code(), field(event));
        let mut scene = Self { event, account, platform, now, proof, factor, key, backup_code, field, app_password };
        scene.account = scene.once();
        scene
    }

    /// The account after what has happened once before, where it happens once more.
    fn once(&self) -> Account {
        match self.event {
            "answer an earlier code once more" => {
                let account = after(&self.account, self.answer(None, RIGHT));
                decide(&account, &self.platform, self.answer(None, NEXT), self.now).next.unwrap()
            }
            event if event.starts_with("answer right once more") => after(&self.account, self.answer(None, RIGHT)),
            event if event.starts_with("password and code right once more") => {
                after(&self.account, self.in_one_field(Source::default()))
            }
            "answer wrong for the fifth time" => {
                (0..4).fold(self.account.clone(), |account, _| after(&account, wrong()))
            }
            _ => self.account.clone(),
        }
    }

    fn channel(&self) -> Channel {
        match self.event.rsplit_once(" at ") {
            Some((_, "imap")) => Channel::Imap,
            Some((_, "pop3")) => Channel::Pop3,
            Some((_, "pam")) => Channel::Pam,
            _ => Channel::Webmail,
        }
    }

    fn answer<'b>(&self, method: Option<&'b str>, code: &'b str) -> Event<'b> {
        let (channel, source) = (self.channel(), Source::default());
        Event::Answer { channel, method, code, window: 1, session: None, source, trust: false }
    }

    fn sent(&self, code: &'static str) -> Event<'static> {
        let (channel, method, source) = (Channel::Webmail, Some(CONTACT), source(self.event));
        Event::Answer { channel, method, code, window: 1, session: Some(SESSION), source, trust: false }
    }

    fn in_one_field(&self, source: Source<'static>) -> Event<'_> {
        Event::Field { channel: self.channel(), text: &self.field, window: 1, again: None, source }
    }

    fn confirm<'b>(&self, by: By<'b>, offered: Offered<'b>) -> Event<'b> {
        Event::Confirm { by, offered, description: "", random: random(), source: Source::default() }
    }

    /// Asking, answering, setting up the first method.
    fn signing_in(&self) -> Option<Event<'_>> {
        let enrol = |code, epoch| {
            let by = By::Enrolment { channel: Channel::Webmail, epoch, code: None };
            self.confirm(by, Offered::Totp { totp: totp(), code, window: 1 })
        };
        Some(match self.event {
            event if event.starts_with("ask at") || event.starts_with("ask after") => Event::Ask(self.channel()),
            event if event.starts_with("ask from") => Event::AskFor { channel: self.channel(), source: source(event) },
            event if event.starts_with("signed in") => {
                Event::SignedIn { channel: self.channel(), source: source(event) }
            }
            event if event.starts_with("answer right with the code to") => self.sent(RIGHT),
            "answer wrong with the code to the address" => self.sent(WRONG),
            "answer right with a backup code" | "answer right with a backup code at imap" => {
                self.answer(Some(BACKUP), &self.backup_code)
            }
            event if event.starts_with("answer right with a backup code in the app's field") => {
                self.answer(Some(&self.factor), &self.backup_code)
            }
            "answer right between marks that nobody sees"
            | "answer right once more, between marks that nobody sees" => {
                self.answer(None, "\u{202a}081\u{2011}804\u{202c}\u{a0}")
            }
            "answer right"
            | "answer right at imap"
            | "answer right once more"
            | "answer right once more at imap"
            | "answer an earlier code once more" => self.answer(None, RIGHT),
            "answer wrong with a backup code in the app's field" => self.answer(Some(&self.factor), "aaaaa-aaaaa"),
            "answer right in the field for backup codes" => self.answer(Some(BACKUP), RIGHT),
            "answer with a slip in the app's field" => self.answer(Some(&self.factor), "0818"),
            "answer right with another method's id" => self.answer(Some("another"), RIGHT),
            "answer wrong" | "answer wrong for the fifth time" => self.answer(None, WRONG),
            "answer with the key" | "answer with the key that was copied" => signed(6, SESSION),
            "answer with a copy of the key" => signed(5, SESSION),
            "confirm right" => enrol(RIGHT, self.account.epoch),
            "confirm wrong" => enrol(WRONG, self.account.epoch),
            "confirm right, offered before a reset" => enrol(RIGHT, self.account.epoch - 1),
            "open a request" | "open a request, for the fourth time today" => Event::OpenRequest(Channel::Webmail),
            _ => return None,
        })
    }

    /// App passwords, and a password with a code behind it.
    fn with_app_passwords(&self) -> Option<Event<'_>> {
        let add = |proof| {
            let (fresh, epoch) = (self.app_password.clone(), self.account.epoch);
            Event::AddAppPassword { fresh, epoch, proof, renewed: Vec::new() }
        };
        let id = self.app_password.id.as_str();
        Some(match self.event {
            "the app password for sshd" => self.in_one_field(Source { service: Some("sshd"), ..Source::default() }),
            event if event.starts_with("the app password") || event.starts_with("password ") => {
                self.in_one_field(Source::default())
            }
            "make an app password" | "make an app password of the id of the app password" => add(None),
            "revoke the app password" => Event::RevokeAppPassword { id, proof: None },
            "the mail server refuses the app password's" => Event::SealedRefused { id, created: NOW, sealed: NOW },
            "the mail server refuses the app password's, before it was renewed" => {
                Event::SealedRefused { id, created: NOW, sealed: NOW.plus(-1) }
            }
            "renew the app password, which is outdated" => Event::RenewAppPasswords(vec![sealed(NOW.plus(1))]),
            event if event.starts_with("the user revokes the app password") => {
                Event::RevokeAppPassword { id, proof: Some(&self.proof) }
            }
            event if event.starts_with("the user makes an app password") => add(Some(&self.proof)),
            _ => return None,
        })
    }

    /// What users change of their own account.
    fn by_the_user(&self) -> Option<Event<'_>> {
        let (proof, factor) = (&self.proof, self.factor.as_str());
        let by = By::Proof(proof);
        let begins = |beginning| self.event.starts_with(beginning);
        Some(match self.event {
            "the user revokes all trust but that of a trusted browser" => {
                Event::RevokeOtherTrust { browser: HOME.browser, proof }
            }
            "the user revokes all trust of a trusted browser" => Event::RevokeOtherTrust { browser: None, proof },
            "the user removes the key that was copied" => Event::RemoveOwn { id: &self.key, proof },
            _ if begins("the user revokes the trust") => Event::RevokeTrust { id: "0101010101010101", proof },
            _ if begins("the user sets the contact address") => {
                self.confirm(by, Offered::Sent { session: SESSION, code: RIGHT })
            }
            _ if begins("the user removes the contact address") => Event::RemoveContact { proof },
            _ if begins("the user sets the language") => Event::SetLanguage { language: "fr", proof },
            _ if begins("confirm another method") => {
                self.confirm(by, Offered::Totp { totp: another_totp(), code: ANOTHER_RIGHT, window: 1 })
            }
            _ if begins("rename the factor") => Event::Rename { id: factor, proof, description: "x" },
            _ if begins("the user removes the factor") => Event::RemoveOwn { id: factor, proof },
            _ if begins("make backup codes") => Event::MakeBackupCodes { proof, random: random() },
            _ if begins("delete the backup codes") => Event::DeleteBackupCodes { proof },
            _ => return None,
        })
    }

    /// What administrators do, and time.
    fn administering(&self) -> Option<Event<'_>> {
        let add = |totp| Event::AddTotp { totp, description: "", random: random() };
        Some(match self.event {
            "add" | "add, enabled once" => Event::Add,
            "enable with an enrolment code" => Event::Enable { enrolment_code: Some([1; 32]) },
            "enable" => Event::Enable { enrolment_code: None },
            "suspend 0 hours" => Event::Suspend(0),
            "suspend 1 hour" => Event::Suspend(1),
            "suspend 721 hours" => Event::Suspend(721),
            "resume" => Event::Resume,
            "reset" => Event::Reset { enrolment_code: None },
            "reset with an enrolment code" => Event::Reset { enrolment_code: Some([1; 32]) },
            "remove" => Event::Remove,
            "unlock" | "unlock, after five wrong codes" => Event::Unlock,
            "add totp" => add(another_totp()),
            "add totp of the same secret" => add(totp()),
            event if event.starts_with("import") => import(event),
            "remove the factor" => Event::RemoveFactor(&self.factor),
            "set the contact address" | "set the contact address, with an address" => {
                Event::SetContact(Address::read(ELSEWHERE))
            }
            "remove the contact address, with an address" => Event::SetContact(None),
            "an hour passes" | "a second less than an hour passes" => Event::Tick,
            _ => return None,
        })
    }
}

/// The account as the event takes it to be.
fn before(mut account: Account, event: &str) -> Account {
    let with_browsers =
        ["ask", "signed in", "answer", "the user revokes", "unlock", "set", "remove the contact", "add,"];
    if with_browsers.iter().any(|beginning| event.starts_with(beginning)) {
        account = with_browser(account, event);
    }
    if event.contains("key") {
        account = with_key(&account, event);
    }
    if event.starts_with("the user sets the contact address") {
        account = with_a_code_sent(&account);
    }
    if event.starts_with("the user removes the contact address") {
        account.contact = Address::read(ELSEWHERE);
    }
    if event == "open a request, for the fourth time today" {
        account.requests = vec![NOW; REQUESTS_A_DAY];
    }
    account
}

/// What is typed into one field.
fn field(event: &str) -> String {
    let shown = app_password().shown();
    match event {
        "the app password between marks that nobody sees" => {
            format!("\u{feff}{}\u{200b}\r\n", shown.replace('-', "\u{2011}"))
        }
        "the app password with a wrong letter at imap" => shown.replace(&shown[shown.len() - 1..], "o"),
        event if event.starts_with("the app password") => shown.to_string(),
        "password and code right between marks that nobody sees" => {
            format!("{PASSWORD}\u{2066}{RIGHT}\u{2069}\u{a0}\n")
        }
        "password and code wrong" => format!("{PASSWORD}{WRONG}"),
        event if event.starts_with("password and code right") => format!("{PASSWORD}{RIGHT}"),
        _ => "correct horse".to_owned(),
    }
}

fn import(event: &str) -> Event<'static> {
    let totp = if event.contains("of the same secret") { totp() } else { another_totp() };
    let ahead = event.rsplit_once("the last code of ").map(|(_, steps)| match steps {
        "nine steps ahead" => 9,
        "ten steps ahead" => 10,
        "eleven steps ahead" => 11,
        other => panic!("{other:?}"),
    });
    let (spent, beside) = (ahead.map(|steps| NOW.unsigned() / 30 + steps), event.contains("beside what is there"));
    Event::ImportTotp(Import { totp, spent, codes: &[], beside, description: "", random: random() })
}

fn run(row: &Row<'_>) -> (String, String) {
    let scene = Scene::of(row);
    // Those of users begin as some of the others do.
    let event = scene.by_the_user().or_else(|| scene.with_app_passwords()).or_else(|| scene.signing_in());
    let event = event.or_else(|| scene.administering()).unwrap_or_else(|| panic!("event {:?}", scene.event));
    let decision = decide(&scene.account, &scene.platform, event, scene.now);
    let next = decision.next.as_ref().map_or("-", |next| shown_state(next, scene.now));
    (shown_verdict(&decision.verdict), next.to_owned())
}

#[test]
fn the_table_is_what_is_decided() {
    let rows = rows();
    let mut wrong = Vec::new();
    for row in &rows {
        let (verdict, next) = run(row);
        if (verdict.as_str(), next.as_str()) != (row.verdict, row.next) {
            wrong.push(format!("{} | {} | {}: {verdict} | {next}", row.platform, row.state, row.event));
        }
    }
    assert!(wrong.is_empty(), "docs/states.md says otherwise than decide():\n{}", wrong.join("\n"));
}

#[test]
fn the_table_is_whole() {
    let listed: BTreeSet<(String, String)> =
        rows().iter().map(|row| (row.state.to_owned(), row.event.to_owned())).collect();
    let everywhere = [
        "ask at webmail",
        "answer right",
        "confirm right",
        "add",
        "enable",
        "suspend 1 hour",
        "resume",
        "reset",
        "remove",
        "unlock",
        "add totp",
        "import",
        "remove the factor",
        "password alone",
        "the app password",
        "open a request",
        "make an app password",
        "revoke the app password",
        "an hour passes",
    ];
    let own = [
        "confirm another method",
        "the user removes the factor beside a key",
        "make backup codes",
        "delete the backup codes",
        "the user makes an app password",
        "the user sets the contact address",
        "the user removes the contact address",
    ];
    let brought = [
        "",
        ", signed in",
        ", with a factor for something else",
        ", with a factor that was used",
        ", with a factor of a quarter of an hour ago",
        ", with a factor of before a change",
        ", for the 31st time today",
    ];
    for event in own.iter().flat_map(|event| brought.map(|brought| format!("{event}{brought}"))) {
        assert!(listed.contains(&("protected".to_owned(), event.clone())), "no row for {event}");
    }
    for state in STATES {
        for event in everywhere {
            assert!(listed.contains(&(state.to_owned(), event.to_owned())), "no row for {state} and {event}");
        }
    }
}
