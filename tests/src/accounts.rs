//! Operations of a test on the accounts of its world, one line each. A failure ends the test.

use serde_json::Value;

use crate::World;
use crate::mailboxes::Mailbox;

/// The time step of an authenticator's codes in seconds.
pub const STEP: i64 = 30;

impl World {
    /// The mailbox of `person`, with its current password.
    #[track_caller]
    pub fn mailbox(&self, person: &str) -> Mailbox {
        let is_theirs = |mailbox: &Mailbox| mailbox.name.split('@').next() == Some(person);
        self.mailboxes().into_iter().find(is_theirs).unwrap_or_else(|| panic!("{person} has no mailbox"))
    }

    /// Runs an administrator's command that must succeed, and returns its output.
    #[track_caller]
    pub fn admin(&self, command: &str) -> String {
        succeeds(self.postern(command.split(' ')).and_then(|outcome| outcome.success()))
    }

    /// The same with `--json`, with the output parsed.
    #[track_caller]
    pub fn admin_json(&self, command: &str) -> Value {
        succeeds(serde_json::from_str(&self.admin(&format!("{command} --json"))))
    }

    /// The account as the administrator sees it.
    #[track_caller]
    pub fn account(&self, mailbox: &Mailbox) -> Value {
        self.admin_json(&format!("account show {}", mailbox.name))
    }

    /// The methods of an account, in the order in which they were set up.
    #[track_caller]
    pub fn methods(&self, mailbox: &Mailbox) -> Vec<Value> {
        self.account(mailbox)["methods"].as_array().cloned().unwrap_or_default()
    }

    /// The id of the account's method whose `key` is `value`.
    #[track_caller]
    pub fn method_id(&self, mailbox: &Mailbox, key: &str, value: &str) -> String {
        let methods = self.methods(mailbox);
        let found = methods.iter().find(|method| method[key] == value);
        text(&found.unwrap_or_else(|| panic!("no {key} is {value} in {methods:?}"))["id"])
    }

    /// Enables an account.
    #[track_caller]
    pub fn enable(&self, mailbox: &Mailbox) {
        self.admin(&format!("account enable {}", mailbox.name));
    }

    /// Enables an account and adds an authenticator. Returns its secret.
    #[track_caller]
    pub fn protect(&mut self, mailbox: &Mailbox) -> String {
        self.enable(mailbox);
        let secret = text(&self.admin_json(&format!("method add totp {}", mailbox.name))["secret"]);
        self.plant(&secret);
        secret
    }

    /// The mailbox of `person`, whose account has an authenticator, and the authenticator's secret.
    #[track_caller]
    pub fn protected(&mut self, person: &str) -> (Mailbox, String) {
        let mailbox = self.mailbox(person);
        let secret = self.protect(&mailbox);
        (mailbox, secret)
    }

    /// Alice, whose account has an authenticator with this secret, and Bob, whose account requires no second factor.
    #[track_caller]
    pub fn alice_and_bob(&mut self) -> (Mailbox, String, Mailbox) {
        let (alice, secret) = self.protected("alice");
        (alice, secret, self.mailbox("bob"))
    }

    /// Moves the clock to the next code, and returns that code.
    #[track_caller]
    pub fn next_code(&mut self, secret: &str) -> String {
        succeeds(self.move_clock(STEP));
        succeeds(self.code(secret))
    }

    /// The password of a mailbox followed by the next code.
    #[track_caller]
    pub fn with_next_code(&mut self, mailbox: &Mailbox, secret: &str) -> String {
        format!("{}{}", mailbox.password, self.next_code(secret))
    }

    /// Creates an app password, with `more` arguments. Returns its id, and the password for the mail app.
    #[track_caller]
    pub fn app_password(&mut self, mailbox: &Mailbox, more: &[&str]) -> (String, String) {
        let words = ["app-password", "create", &mailbox.name, "--description", "phone", "--json"];
        let made = self.postern_reading(words.iter().chain(more).copied(), &format!("{}\n", mailbox.password));
        let made: Value = succeeds(serde_json::from_str(&succeeds(made.and_then(|outcome| outcome.success()))));
        let typed = text(&made["app_password"]);
        self.plant(&typed);
        self.plant(&typed.replace('-', ""));
        (text(&made["id"]), typed)
    }
}

#[track_caller]
fn succeeds<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
