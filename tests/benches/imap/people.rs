//! The users that sign in during the benchmark.

use postern_tests::mailboxes::{self, Mailbox};
use postern_tests::{World, tools};

/// Users who sign in with a code behind the password.
pub(crate) const PROTECTED: usize = 4;
/// Minutes in which the same password and code are accepted again from the same address.
const WINDOW: &str = "60";

/// The users, and their passwords.
pub(crate) struct People {
    /// Accounts that are not enabled: the password is enough.
    pub(crate) free: Vec<Mailbox>,
    /// Accounts with an authenticator; their "password" has a code behind it. A code is good once, so what is measured
    /// is the reconnect window, in which the same string passes again.
    pub(crate) protected: Vec<Mailbox>,
}

impl People {
    /// Enables those that are protected, with an authenticator each.
    pub(crate) fn meet(world: &World) -> Self {
        let order =
            |words: &[&str]| world.postern(words.iter().copied()).and_then(tools::Outcome::success).expect("posternd");
        order(&["platform", "set", postern_tests::world::PLATFORM, "reconnect-window", WINDOW]);
        let mut protected = mailboxes::all();
        let free = protected.split_off(PROTECTED);
        for person in &mut protected {
            order(&["account", "enable", &person.name]);
            let added = order(&["method", "add", "totp", &person.name, "--json"]);
            let added: serde_json::Value = serde_json::from_str(&added).expect("JSON");
            person.password += &world.code(added["secret"].as_str().expect("a secret")).expect("oathtool");
        }
        Self { free, protected }
    }
}
