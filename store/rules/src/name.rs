//! Names: maps the spellings of a mailbox to one canonical name, or refuses them.
//!
//! To bypass a second factor, an attacker can use another spelling of a name: one that the mail server resolves to a
//! protected mailbox, and that Postern resolves to another, unprotected one. A complete list of equivalent names is not
//! possible: servers read `/`, `%`, `#`, `=` and more as separators (Exchange reads `DOMAIN/user/mailbox`, winbind a
//! separator that the administrator sets), and their directories compare letters by their own tables (MySQL's
//! collations and Active Directory equate `ß` with `ss`, `þ` with `th`, Arabic digits with ASCII digits).
//!
//! So this module folds case, Unicode forms, plus-addressing and NetBIOS names to find the mailbox; the result may lead
//! to an account. A mailbox without an account passes only under a name that every server reads alike:
//! [`SignInName::may_pass`]. For any other name, an administrator lists the mailbox (`postern account add`).

use crate::{Channel, Platform, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// The most bytes of a name: 64 of local part, 255 of domain, the sign between them (RFC 5321 section 4.5.3.1).
pub const NAME_MAX: usize = 320;
/// The most bytes of a local part.
pub const LOCAL_MAX: usize = 64;
/// The most bytes of a domain in ASCII.
pub const DOMAIN_MAX: usize = 253;

/// A canonical mailbox: lower case, NFKC, the domain in ASCII. Two spellings of one mailbox are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mailbox(String);

impl Mailbox {
    /// `local@domain`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The meaning of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Named<'a> {
    /// A mailbox in a domain of this platform.
    Ours(Mailbox, &'a Platform),
    /// A well-formed name in no platform's domain.
    Foreign(Mailbox),
}

/// Why a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// Empty, or more than [`NAME_MAX`] bytes.
    Length,
    /// A control, invisible or bidirectional formatting character, or one that is not allowed in a mailbox name.
    Character,
    /// Not a mailbox: empty parts, two `@`, dots at the wrong places.
    Form,
    /// The domain is not valid.
    Domain,
    /// No domain, and no default domain is configured.
    NoDomain,
    /// `DOMAIN\user` with a DOMAIN that no platform has.
    Netbios,
    /// No account is listed under it, and mail servers may read it as another mailbox: see [`SignInName::may_pass`].
    Unlisted,
    /// It is in no platform's domain, and such names are refused: see [`ForeignNames`].
    Foreign,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "a name has 1 to 320 bytes",
            Self::Character => "the name has a character that no mailbox has",
            Self::Form => "the name is not of the form user@domain, DOMAIN\\user or user",
            Self::Domain => "the part behind the @ cannot be a domain",
            Self::NoDomain => "the name has no domain, and [names] default_domain is not configured",
            Self::Netbios => "no platform has the NetBIOS name before the backslash",
            Self::Unlisted => {
                "nobody is listed under this name, and mail servers may read it as another's; if it is a mailbox, \
                 `postern account add` lists it"
            }
            Self::Foreign => "the name is in no platform's domain, and [names] foreign does not let such names pass",
        })
    }
}

impl std::error::Error for NameError {}

/// A name that identifies a mailbox, but is not used to sign in: an administrator typed it, or it is a mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookupName<'a>(&'a str);

impl<'a> LookupName<'a> {
    /// Takes the name as typed.
    pub fn new(typed: &'a str) -> Self {
        Self(typed)
    }

    /// Parses it: `user@domain`, `DOMAIN\user`, or `user` in the default domain.
    ///
    /// # Errors
    /// [`NameError`], except [`NameError::Unlisted`] and [`NameError::Foreign`].
    pub fn read<'p>(self, platforms: &'p [Platform], default_domain: &str) -> Result<Named<'p>, NameError> {
        read_with(self.0, platforms, default_domain, true)
    }
}

/// A name that is used to sign in at a channel. Its result may be used only if [`Self::may_pass`] allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInName<'a> {
    channel: Channel,
    typed: &'a str,
}

impl<'a> SignInName<'a> {
    /// Takes the name as typed at this channel.
    pub fn new(channel: Channel, typed: &'a str) -> Self {
        Self { channel, typed }
    }

    /// Parses it: `user@domain`, `DOMAIN\user`, or `user` in the default domain.
    ///
    /// The PAM module cannot change the name that its host signs in with. So a name is not folded there if it might be
    /// another user for the host: `EXAMPLE+sam` is sam where winbind's separator is a plus, and not an address in
    /// EXAMPLE.
    ///
    /// # Errors
    /// [`NameError`], except [`NameError::Unlisted`] and [`NameError::Foreign`]; an error is a refusal, whatever the name may have meant.
    pub fn read<'p>(self, platforms: &'p [Platform], default_domain: &str) -> Result<Named<'p>, NameError> {
        read_with(self.typed, platforms, default_domain, self.channel != Channel::Pam)
    }

    /// Checks whether the sign-in may continue, given whether an account is listed under the name. If none is, the
    /// local part may have only letters, digits and signs that every mail server and directory reads literally, in
    /// either case, and the part after the `@`, if any, must be a domain and not a NetBIOS name. Any other name passes
    /// only if no platform is on, so that nothing is protected.
    ///
    /// # Errors
    /// [`NameError::Unlisted`].
    pub fn may_pass(self, is_listed: bool, platforms: &[Platform]) -> Result<(), NameError> {
        let is_anything_protected = platforms.iter().any(|platform| platform.enabled);
        if is_listed || !is_anything_protected || is_plain(self.channel, self.typed, platforms) {
            return Ok(());
        }
        Err(NameError::Unlisted)
    }
}

/// How a name outside every platform's domains is handled, as the administrator has configured it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForeignNames {
    /// It is refused.
    #[default]
    Refuse,
    /// No code is required: for hosts whose local users sign in through the same PAM stack.
    Pass,
}

impl ForeignNames {
    /// Checks whether a foreign name may sign in. It has no account, so no code can be required.
    ///
    /// # Errors
    /// [`NameError::Foreign`].
    pub fn may_pass(self) -> Result<(), NameError> {
        match self {
            Self::Pass => Ok(()),
            Self::Refuse => Err(NameError::Foreign),
        }
    }
}

/// The meaning of an e-mail address for this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressee<'a> {
    /// A mailbox whose account is listed.
    Listed(&'a Mailbox),
    /// A mailbox in a platform's domain that is not listed.
    Unlisted(&'a Mailbox),
    /// It is in no platform's domain.
    Foreign,
    /// It is not a valid name here.
    Unreadable,
}

/// Whether mail to an address may be delivered to this mailbox, which a code sent to that address is to protect. An
/// address with signs that servers interpret differently may mean the mailbox, so it counts as leading into it.
pub fn leads_into(addressee: Addressee<'_>, mailbox: &Mailbox) -> bool {
    match addressee {
        Addressee::Listed(other) => other == mailbox,
        Addressee::Unlisted(other) => other == mailbox || !is_plain(Channel::Imap, other.as_str(), &[]),
        Addressee::Foreign => false,
        Addressee::Unreadable => true,
    }
}

fn is_plain(channel: Channel, typed: &str, platforms: &[Platform]) -> bool {
    let typed = typed.trim_matches(' ');
    let (local, domain) = typed.rsplit_once('@').unwrap_or((typed, ""));
    let is_netbios = |prefix: &str| domain_of_netbios(prefix, platforms).is_some();
    // For winbind separators that are plain characters elsewhere.
    let has_prefix = || local.match_indices(['.', '_', '-']).any(|(at, _)| is_netbios(&local[..at]));
    !local.is_empty()
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-'".contains(&byte))
        && domain_of_suffix(domain, platforms).is_none()
        && !(channel == Channel::Pam && has_prefix())
}

fn read_with<'a>(
    typed: &str,
    platforms: &'a [Platform],
    default_domain: &str,
    folds_plus: bool,
) -> Result<Named<'a>, NameError> {
    let typed = typed.trim_matches(' ');
    if typed.is_empty() || typed.len() > NAME_MAX {
        return Err(NameError::Length);
    }
    let (local, domain) = if let Some((prefix, user)) = typed.split_once('\\') {
        (user, domain_of_prefix(prefix, platforms)?)
    } else if let Some((local, domain)) = typed.rsplit_once('@') {
        (local, domain_of_suffix(domain, platforms).map_or_else(|| canonical_domain(domain), Ok)?)
    } else if default_domain.is_empty() {
        return Err(NameError::NoDomain);
    } else {
        (typed, canonical_domain(default_domain)?)
    };
    let platform = platforms.iter().find(|platform| platform.domains.contains(&domain));
    let folds_plus = folds_plus && platform.is_some_and(|platform| platform.policy.plus_addressing);
    let local = canonical_local(local, folds_plus)?;
    let mailbox = Mailbox(format!("{local}@{domain}"));
    Ok(match platform {
        Some(platform) => Named::Ours(mailbox, platform),
        None => Named::Foreign(mailbox),
    })
}

/// The domain of the part before the backslash: a NetBIOS name, or the domain itself.
fn domain_of_prefix(prefix: &str, platforms: &[Platform]) -> Result<String, NameError> {
    match domain_of_netbios(prefix, platforms) {
        Some(domain) => Ok(domain),
        None if prefix.contains('.') => canonical_domain(prefix),
        None => Err(NameError::Netbios),
    }
}

/// The domain of `user@EXAMPLE`, which Active Directory reads as `EXAMPLE\user`; `None` if the suffix is a domain.
fn domain_of_suffix(suffix: &str, platforms: &[Platform]) -> Option<String> {
    let domain = canonical_domain(suffix);
    let suffix = domain.as_deref().unwrap_or(suffix);
    let is_ours = platforms.iter().any(|platform| platform.domains.iter().any(|domain| domain == suffix));
    if is_ours { None } else { domain_of_netbios(suffix, platforms) }
}

fn domain_of_netbios(name: &str, platforms: &[Platform]) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    platforms.iter().find(|platform| platform.netbios.contains(&upper))?.domains.first().cloned()
}

/// The canonical form of a domain: UTS 46, ASCII, without a final dot.
///
/// # Errors
/// [`NameError::Domain`].
pub fn canonical_domain(domain: &str) -> Result<String, NameError> {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let ascii =
        idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::STD3).map_err(|_| NameError::Domain)?;
    let label = |label: &str| (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
    if ascii.len() > DOMAIN_MAX || !ascii.split('.').all(label) {
        return Err(NameError::Domain);
    }
    Ok(ascii.into_owned())
}

/// The canonical form of a NetBIOS name; `None` if it is not valid (1 to 15 characters, MS-ADA1).
pub fn canonical_netbios(name: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ((1..=15).contains(&name.len()) && name.bytes().all(plain)).then(|| name.to_ascii_uppercase())
}

/// The canonical form of a local part: NFKC, lower case, NFKC again (lower case may allow new compositions). The part
/// after a plus is removed if the platform uses plus-addressing.
fn canonical_local(local: &str, plus_addressing: bool) -> Result<String, NameError> {
    // Checked before folding too, since NFKC maps some of these to plain characters.
    if local.chars().any(is_hidden) {
        return Err(NameError::Character);
    }
    let lower: String = local.nfkc().collect::<String>().to_lowercase();
    let folded: String = lower.nfkc().collect();
    let local = match folded.split_once('+') {
        Some((local, _)) if plus_addressing => local,
        _ => &folded,
    };
    if !folded.chars().all(is_local) {
        return Err(NameError::Character);
    }
    if local.is_empty() || local.len() > LOCAL_MAX || local.split('.').any(str::is_empty) {
        return Err(NameError::Form);
    }
    Ok(local.to_owned())
}

/// Characters that are invisible, or a replacement for an invalid one: a name with such a character looks like another
/// name.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || character.is_whitespace()
        || text::is_invisible(character)
        || matches!(character, '\u{fffc}' | '\u{fffd}')
}

/// Characters of a local part: RFC 5322 atext, the dot, and characters beyond ASCII (RFC 6531). Not `*`, `%`, `/` and
/// `!`, which mail servers read as "log in as another user", "relay to another host" and "a mailbox of a domain".
fn is_local(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphanumeric() || "#$&'+-=?^_`{|}~.".contains(character)
    } else {
        !is_hidden(character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn platforms() -> Vec<Platform> {
        let platform = |name: &str, domains: &[&str], netbios: &[&str], plus: bool| {
            let policy = crate::platform::Policy { plus_addressing: plus, ..Default::default() };
            Platform {
                name: name.to_owned(),
                domains: domains.iter().map(|domain| canonical_domain(domain).unwrap()).collect(),
                netbios: netbios.iter().map(|name| canonical_netbios(name).unwrap()).collect(),
                enabled: true,
                policy,
            }
        };
        vec![
            platform("example", &["example.com", "bücher.example"], &["EXAMPLE"], true),
            platform("other", &["other.org"], &["Other-AD"], false),
        ]
    }

    fn ours(typed: &str) -> Result<String, NameError> {
        match LookupName::new(typed).read(&platforms(), "example.com")? {
            Named::Ours(mailbox, platform) => Ok(format!("{mailbox} in {}", platform.name)),
            Named::Foreign(mailbox) => Ok(format!("{mailbox} is foreign")),
        }
    }

    #[test]
    fn many_spellings_are_one_mailbox() {
        for typed in [
            "bob@example.com",
            "BOB@EXAMPLE.COM",
            "Bob",
            " bob ",
            "bob@example.com.",
            "EXAMPLE\\bob",
            "example\\Bob",
            "example.com\\bob",
            "bob+shop@example.com",
            "bob+@example.com",
            "bob+a+b",
            "ｂｏｂ@example.com",
            "bob@ＥＸＡＭＰＬＥ.com",
            "bob@example。com",
            "bob@EXAMPLE",
            "bob@example",
            "bob@ＥＸＡＭＰＬＥ.",
        ] {
            assert_eq!(ours(typed), Ok("bob@example.com in example".to_owned()), "{typed:?}");
        }
        for typed in
            ["é@bücher.example", "e\u{301}@BÜCHER.example", "É@xn--bcher-kva.example", "É@Xn--Bcher-Kva.Example"]
        {
            assert_eq!(ours(typed), Ok("é@xn--bcher-kva.example in example".to_owned()), "{typed:?}");
        }
        assert_eq!(ours("other-ad\\eve+x"), Ok("eve+x@other.org in other".to_owned()), "no plus addressing there");
    }

    #[test]
    fn foreign_names_are_told_apart() {
        assert_eq!(ours("root@elsewhere.net"), Ok("root@elsewhere.net is foreign".to_owned()));
        assert_eq!(ours("bob@sub.example.com"), Ok("bob@sub.example.com is foreign".to_owned()));
    }

    #[test]
    fn what_cannot_be_folded_is_refused() {
        use NameError::*;
        for (typed, error) in [
            ("", Length),
            ("   ", Length),
            (&"x".repeat(NAME_MAX + 1)[..], Length),
            ("bob\0@example.com", Character),
            ("bob\t@example.com", Character),
            ("bob\n", Character),
            ("\u{8}bob", Character),
            ("b ob", Character),
            ("bob\u{a0}", Character),
            ("bo\u{200b}b", Character),
            ("bo\u{ad}b", Character),
            ("\u{202e}bob", Character),
            ("bob*admin@example.com", Character),
            ("bob%example.com@example.com", Character),
            ("EXAMPLE/bob/bob@example.com", Character),
            ("EXAMPLE/bob", Character),
            ("/bob", Character),
            ("example.com/bob/shared", Character),
            ("EXAMPLE\u{ff0f}bob", Character),
            ("bob!example.com", Character),
            ("example.com!bob@example.com", Character),
            ("bob@example.com@example.com", Character),
            ("\"bob\"@example.com", Character),
            ("<bob@example.com>", Domain),
            ("bob@evil.org@example.com", Character),
            ("a,bob@example.com", Character),
            ("@example.com", Form),
            ("+shop@example.com", Form),
            (".bob@example.com", Form),
            ("bob.@example.com", Form),
            ("b..ob@example.com", Form),
            (&format!("{}@example.com", "x".repeat(LOCAL_MAX + 1))[..], Form),
            ("bob@", Domain),
            ("bob@.", Domain),
            ("bob@exam ple.com", Domain),
            ("bob@example..com", Domain),
            ("bob@-example.com", Domain),
            ("bob@example.com/", Domain),
            ("NOWHERE\\bob", Netbios),
            ("\\bob", Netbios),
            ("EXAMPLE\\x\\bob", Character),
            ("EXAMPLE\\bob@example.com", Character),
        ] {
            assert_eq!(ours(typed), Err(error), "{typed:?}");
        }
        assert_eq!(LookupName::new("bob").read(&platforms(), ""), Err(NoDomain));
    }

    /// Whether an unlisted name passes, at each channel.
    fn passes(typed: &str) -> [bool; 4] {
        Channel::ALL.map(|channel| SignInName::new(channel, typed).may_pass(false, &platforms()).is_ok())
    }

    #[test]
    fn only_names_that_every_server_reads_alike_pass_unlisted() {
        for typed in ["bob", "BOB@example.com", " bob@EXAMPLE.com. ", "o'neil-x_1.y", "Bob@sub.example.com"] {
            assert_eq!(passes(typed), [true; 4], "{typed:?}");
        }
        for typed in [
            "",
            "@example.com",
            "bob+shop@example.com",
            "EXAMPLE\\bob",
            "example.com\\bob",
            "bob@EXAMPLE",
            "bob@ｅxample.",
            "bob#example.com",
            "bob=example.com@other.org",
            "bob|x",
            "{bob}",
            "bob\u{640}@example.com",
            "ßam",
            "tħomas",
            "þomas",
            "ｂｏｂ",
            "\u{212a}im",
            "bob\u{661}",
            "jose\u{301}",
            "EXAMPLE+sam",
            "EXAMPLE/sam",
            "EXAMPLE/bob/bob@example.com",
            "bob@x@example.com",
            "bob\u{200b}",
        ] {
            assert_eq!(passes(typed), [false; 4], "{typed:?}");
        }
        for typed in ["EXAMPLE-sam", "example_sam@example.com", "Example.sam", "other-ad.sam"] {
            assert_eq!(passes(typed), [true, true, true, false], "{typed:?}: winbind's separator may be any sign");
        }
        let off: Vec<_> = platforms().into_iter().map(|it| Platform { enabled: false, ..it }).collect();
        assert!(SignInName::new(Channel::Imap, "jos\u{e9}").may_pass(false, &off).is_ok(), "nothing is protected");
    }

    #[test]
    fn at_pam_a_plus_is_a_part_of_the_name() {
        let platforms = platforms();
        let at = |channel, typed| match SignInName::new(channel, typed).read(&platforms, "example.com") {
            Ok(Named::Ours(mailbox, _) | Named::Foreign(mailbox)) => mailbox.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(at(Channel::Imap, "EXAMPLE+sam"), "example@example.com");
        assert_eq!(at(Channel::Pam, "EXAMPLE+sam"), "example+sam@example.com");
    }

    proptest! {
        #[test]
        fn canonical_names_stay_as_they_are(typed in "\\PC{1,12}(@(example\\.com|\\PC{1,12}))?") {
            if let Ok(Named::Ours(mailbox, _) | Named::Foreign(mailbox)) = LookupName::new(&typed).read(&platforms(), "example.com") {
                match LookupName::new(mailbox.as_str()).read(&platforms(), "") {
                    Ok(Named::Ours(again, _) | Named::Foreign(again)) => prop_assert_eq!(again, mailbox),
                    Err(error) => prop_assert!(false, "{mailbox} from {typed:?}: {error}"),
                }
            }
        }

        #[test]
        fn case_never_makes_another_mailbox(local in "[a-zà-ÿß]{1,8}") {
            let name = |local: &str| ours(&format!("{local}@example.com"));
            // ß has no single upper case letter: SS is another name, also for every mail server.
            if !local.contains('ß') {
                prop_assert_eq!(name(&local), name(&local.to_uppercase()));
            }
        }
    }
}
