//! Names: the many spellings of one mailbox, to one canonical name or to a refusal.
//!
//! Every way around a second factor that is not a way through it is a second spelling of a name: one that the mail
//! server takes for a protected mailbox, and that Postern takes for another, unprotected one. What servers take for one
//! name cannot be listed: they read `/`, `%`, `#`, `=` and more as separators (Exchange reads `DOMAIN/user/mailbox`,
//! winbind a separator of the administrator's), and their directories compare letters by tables of their own (MySQL's
//! collations and Active Directory take `ß` for `ss`, `þ` for `th`, Arabic digits for ours).
//!
//! So case, the forms of Unicode, plus-addressing and NetBIOS names are folded here to find the mailbox, and that may
//! lead to an account. A mailbox without an account passes only under a name that every server reads alike:
//! [`SignInName::may_pass`]. Whatever else people's names hold, an administrator lists it (`postern account add`).

use crate::{Channel, Platform, text};
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Bytes that a name may have: 64 of local part, 255 of domain, the sign between them (RFC 5321 section 4.5.3.1).
pub const NAME_MAX: usize = 320;
/// Bytes that a local part may have.
pub const LOCAL_MAX: usize = 64;
/// Bytes that a domain may have in ASCII.
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

    /// The part behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a name means.
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
    /// Nothing, or more than [`NAME_MAX`] bytes.
    Length,
    /// A control, invisible or direction character, or one that no mailbox has.
    Character,
    /// Not a mailbox: empty parts, two `@`, dots at the wrong places.
    Form,
    /// The domain cannot be one.
    Domain,
    /// No domain, and no default domain is configured.
    NoDomain,
    /// `DOMAIN\user` with a DOMAIN that no platform has.
    Netbios,
    /// No account is listed under it, and mail servers may read it as another's: see [`SignInName::may_pass`].
    Unlisted,
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
        })
    }
}

impl std::error::Error for NameError {}

/// A name that says which mailbox is meant, and by which nobody signs in: an administrator typed it, or mail is sent to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookupName<'a>(&'a str);

impl<'a> LookupName<'a> {
    /// As it was typed.
    pub fn new(typed: &'a str) -> Self {
        Self(typed)
    }

    /// Reads it: `user@domain`, `DOMAIN\user`, or `user` in the default domain.
    ///
    /// # Errors
    /// [`NameError`], but for [`NameError::Unlisted`].
    pub fn read<'p>(self, platforms: &'p [Platform], default_domain: &str) -> Result<Named<'p>, NameError> {
        read_with(self.0, platforms, default_domain, true)
    }
}

/// A name with which somebody signs in at a channel. What it leads to counts only where [`Self::may_pass`] says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInName<'a> {
    channel: Channel,
    typed: &'a str,
}

impl<'a> SignInName<'a> {
    /// As it was typed at this channel.
    pub fn new(channel: Channel, typed: &'a str) -> Self {
        Self { channel, typed }
    }

    /// Reads it: `user@domain`, `DOMAIN\user`, or `user` in the default domain.
    ///
    /// The PAM module cannot change the name that its host signs in with, so nothing is folded there that might be another
    /// user to the host: `EXAMPLE+sam` is sam where winbind's separator is a plus, and not an address of EXAMPLE's.
    ///
    /// # Errors
    /// [`NameError`], but for [`NameError::Unlisted`]; a refusal, whatever the name may have meant.
    pub fn read<'p>(self, platforms: &'p [Platform], default_domain: &str) -> Result<Named<'p>, NameError> {
        read_with(self.typed, platforms, default_domain, self.channel != Channel::Pam)
    }

    /// Whether the sign-in goes on, once it is known whether an account is listed under the name. Where none is, the local
    /// part has to be of letters, digits and signs that every mail server and directory takes for themselves, in either
    /// case, and has to stand at a domain or alone. Anything else passes only where no platform is on, so that nothing is
    /// protected.
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

/// What an e-mail address means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressee<'a> {
    /// A mailbox whose account is listed.
    Listed(&'a Mailbox),
    /// A mailbox in a platform's domain that nobody has listed.
    Unlisted(&'a Mailbox),
    /// It is in no platform's domain.
    Foreign,
    /// It cannot be read as a name here.
    Unreadable,
}

/// Whether mail to an address may end in this mailbox, which a code that is sent there is to guard. An address that has
/// signs which servers read each in their own way may be taken for the mailbox, so it counts as leading into it.
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
    // Where winbind's separator is one of the signs that are plain elsewhere.
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

/// What stands before the backslash: a NetBIOS name, or the domain itself.
fn domain_of_prefix(prefix: &str, platforms: &[Platform]) -> Result<String, NameError> {
    match domain_of_netbios(prefix, platforms) {
        Some(domain) => Ok(domain),
        None if prefix.contains('.') => canonical_domain(prefix),
        None => Err(NameError::Netbios),
    }
}

/// The domain that `user@EXAMPLE` means, which Active Directory takes for `EXAMPLE\user`; none where it is a domain.
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

/// A domain in its one spelling: UTS 46, ASCII, without a final dot.
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

/// A NetBIOS name in its one spelling; none where it cannot be one (1 to 15 characters, MS-ADA1).
pub fn canonical_netbios(name: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ((1..=15).contains(&name.len()) && name.bytes().all(plain)).then(|| name.to_ascii_uppercase())
}

/// A local part in its one spelling: NFKC, lower case, NFKC again (lower case may bring new compositions), without
/// what stands behind a plus where the platform says that this is the same mailbox.
fn canonical_local(local: &str, plus_addressing: bool) -> Result<String, NameError> {
    // Looked at before folding too, since NFKC makes plain characters of some of these.
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

/// Characters that are not seen, or stand for what could not be: a name with one of them reads like another name.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || character.is_whitespace()
        || text::is_invisible(character)
        || matches!(character, '\u{fffc}' | '\u{fffd}')
}

/// Characters of a local part: RFC 5322 atext, the dot, and what is beyond ASCII (RFC 6531). Not `*`, `%`, `/` and `!`,
/// which mail servers read as "log in as another user", "relay to another host" and "a mailbox of a domain".
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

    /// At each channel, whether a name passes that nobody has listed.
    fn passes(typed: &str) -> [bool; 3] {
        [Channel::Webmail, Channel::Imap, Channel::Pam]
            .map(|channel| SignInName::new(channel, typed).may_pass(false, &platforms()).is_ok())
    }

    #[test]
    fn only_names_that_every_server_reads_alike_pass_unlisted() {
        for typed in ["bob", "BOB@example.com", " bob@EXAMPLE.com. ", "o'neil-x_1.y", "Bob@sub.example.com"] {
            assert_eq!(passes(typed), [true; 3], "{typed:?}");
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
            assert_eq!(passes(typed), [false; 3], "{typed:?}");
        }
        for typed in ["EXAMPLE-sam", "example_sam@example.com", "Example.sam", "other-ad.sam"] {
            assert_eq!(passes(typed), [true, true, false], "{typed:?}: winbind's separator may be any sign");
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
            // ß has no single upper case letter: SS is another name, to every mail server too.
            if !local.contains('ß') {
                prop_assert_eq!(name(&local), name(&local.to_uppercase()));
            }
        }
    }
}
