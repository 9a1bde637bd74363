//! Aliases of a mailbox, and the effect of plus-addressing on names.

use crate::name::{LookupName, Named};
use crate::{Account, Mailbox, Platform, Stage};

/// The most aliases that a mailbox may have.
pub const ALIASES_MAX: usize = 32;

/// What is stored under a name that is to become an alias.
#[derive(Debug, Clone, Copy)]
pub enum Known<'a> {
    /// Nothing.
    Nothing,
    /// It is an alias of this mailbox.
    AliasOf(&'a Mailbox),
    /// It has an account of its own.
    Account(&'a Account),
}

/// The result of adding an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It was an alias of the mailbox already.
    Already,
    /// It is now an alias.
    Now,
    /// It is now an alias, and the data recorded about the name is dropped: from now on it is recorded for the mailbox.
    NowWithoutNotes,
}

/// Why an alias is not added or not removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AliasRefusal {
    /// It is an alias of another mailbox.
    AliasOf(Mailbox),
    /// It has an account of its own, which would not be reachable any more.
    HasAccount,
    /// It has aliases of its own.
    HasAliases,
    /// The mailbox has [`ALIASES_MAX`] aliases.
    TooMany,
    /// The mailbox has no such alias.
    Unknown,
}

/// Adds an alias to an account.
///
/// # Errors
/// [`AliasRefusal`]; the account is as it was.
pub fn add(account: &mut Account, alias: Mailbox, known: Known<'_>) -> Result<Added, AliasRefusal> {
    if alias == account.mailbox || account.aliases.contains(&alias) {
        return Ok(Added::Already);
    }
    let added = match known {
        Known::AliasOf(other) => return Err(AliasRefusal::AliasOf(other.clone())),
        Known::Account(own) if !own.unlisted => return Err(AliasRefusal::HasAccount),
        // They would lead to a name without an account, which requires no code.
        Known::Account(own) if !own.aliases.is_empty() => return Err(AliasRefusal::HasAliases),
        Known::Account(_) => Added::NowWithoutNotes,
        Known::Nothing => Added::Now,
    };
    if account.aliases.len() >= ALIASES_MAX {
        return Err(AliasRefusal::TooMany);
    }
    account.aliases.push(alias);
    Ok(added)
}

/// Removes an alias from an account.
///
/// # Errors
/// [`AliasRefusal::Unknown`].
pub fn remove(account: &mut Account, alias: &Mailbox) -> Result<(), AliasRefusal> {
    let at = account.aliases.iter().position(|known| known == alias).ok_or(AliasRefusal::Unknown)?;
    account.aliases.remove(at);
    Ok(())
}

/// The names of an account that are not reachable any more once plus-addressing is on for this platform: `bob+x@` then
/// means bob, and the code of `bob+x` would never be required. Accounts that are off are skipped: they require no code
/// anyway.
pub fn hidden_by_plus_addressing<'a>(
    account: &'a Account,
    platform: &'a Platform,
) -> impl Iterator<Item = &'a Mailbox> + 'a {
    let is_hidden = |name: &&Mailbox| has_plus(name) && platform.domains.iter().any(|domain| domain == name.domain());
    asked_for_codes(account).filter(is_hidden)
}

/// The names of an account that mean another mailbox, or none, on these platforms: a sign-in with one never requires
/// the account's code.
pub fn astray<'a>(account: &'a Account, platforms: &'a [Platform]) -> impl Iterator<Item = &'a Mailbox> + 'a {
    asked_for_codes(account).filter(|name| !means_itself(name, platforms))
}

/// What a change of an account does to the names under which its code is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gained<'a> {
    /// No name is added that plus-addressing could hide.
    Nothing,
    /// A name with a plus is added: plus-addressing must not be switched on at the same time.
    WithPlus,
    /// This name would be added, and it means another mailbox, or none: the change is refused.
    Astray(&'a Mailbox),
}

/// Compares the names under which the code of an account is required, before a change and after it.
pub fn gained<'a>(before: Option<&Account>, next: &'a Account, platforms: &[Platform]) -> Gained<'a> {
    let is_new = |name: &&Mailbox| !before.is_some_and(|before| asked_for_codes(before).any(|known| known == *name));
    let mut with_plus = false;
    for name in asked_for_codes(next).filter(is_new) {
        if !means_itself(name, platforms) {
            return Gained::Astray(name);
        }
        with_plus |= has_plus(name);
    }
    if with_plus { Gained::WithPlus } else { Gained::Nothing }
}

fn has_plus(name: &Mailbox) -> bool {
    name.as_str().split('@').next().is_some_and(|local| local.contains('+'))
}

fn asked_for_codes(account: &Account) -> impl Iterator<Item = &Mailbox> {
    let is_off = account.stage == Stage::Off;
    std::iter::once(&account.mailbox).chain(&account.aliases).filter(move |_| !is_off)
}

fn means_itself(name: &Mailbox, platforms: &[Platform]) -> bool {
    matches!(LookupName::new(name.as_str()).read(platforms, ""), Ok(Named::Ours(read, _)) if read == *name)
}
