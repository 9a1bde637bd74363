//! Security keys, between WebAuthn and the rules.

use postern_rules::factor::Key;
use postern_rules::{Account, Kind, Mailbox};
use postern_webauthn::{Challenge, Credential, RelyingParty, User};
use sha2::{Digest, Sha256};

/// Returns the relying party for pages at this origin, if keys can be used there.
pub fn relying_party(site: Option<&str>, place: &str) -> Option<RelyingParty> {
    let party = RelyingParty::new(site?, place);
    party.inspect_err(|error| tracing::warn!("no security key can be used at {site:?}: {error}")).ok()
}

/// Creates the assertion options for the keys of an account, without those that have been copied. Any of the keys may
/// answer, so that the user can take the one at hand.
pub fn assertion(party: &RelyingParty, account: &Account, challenge: &Challenge) -> String {
    party.begin_assertion(&credentials(account, |key| !key.copied), challenge)
}

fn credentials(account: &Account, is_meant: impl Fn(&Key) -> bool) -> Vec<Credential> {
    let key = |kind: &Kind| match kind {
        Kind::Key(key) if is_meant(key) => serde_json::from_str(&key.credential).ok(),
        Kind::Key(_) | Kind::Totp(_) | Kind::Sms(_) | Kind::Email(_) => None,
    };
    account.factors.iter().filter_map(|factor| key(&factor.kind)).collect()
}

/// Creates the options to register a key for this account.
pub fn registration(party: &RelyingParty, account: &Account, challenge: &Challenge) -> String {
    let handle = handle(&account.mailbox);
    let user = User { handle: &handle, mailbox: account.mailbox.as_str() };
    party.begin_registration(user, &credentials(account, |_| true), challenge)
}

/// Returns the key of a registration response; none if it is invalid.
pub fn registered(party: &RelyingParty, challenge: &Challenge, response: &str) -> Option<Key> {
    let credential = party.finish_registration(challenge, response);
    let credential = credential.inspect_err(|why| tracing::info!("a security key is not taken: {why}")).ok()?;
    let text = serde_json::to_string(&credential).ok()?;
    Some(Key { id: credential.id, counter: credential.counter, credential: text, copied: false })
}

/// Returns which key of an account has answered, and its counter; none if no key has. Copied keys are included: only
/// the client that holds such a key learns that it is refused, and why.
pub fn answered(
    party: &RelyingParty,
    account: &Account,
    challenge: &Challenge,
    response: &str,
) -> Option<(Vec<u8>, u32)> {
    let known = credentials(account, |_| true);
    let assertion = party.finish_assertion(&handle(&account.mailbox), &known, challenge, response);
    let mailbox = account.mailbox.as_str();
    let assertion = assertion.inspect_err(|why| tracing::warn!(mailbox, "a security key is refused: {why}")).ok()?;
    Some((assertion.credential.id.clone(), assertion.counter))
}

/// The user handle of an account: constant, and not its name.
fn handle(mailbox: &Mailbox) -> [u8; 32] {
    Sha256::digest([b"postern user ", mailbox.as_str().as_bytes()].concat()).into()
}
