//! App passwords: credentials for mail apps, which can store only one string and cannot prompt for a code.
//!
//! Twenty-five letters: the first five are the id, which is used for lookup, and the other twenty, 100 random bits, are
//! the secret. With that many bits, neither a slow hash nor a lock against guessing is needed. Only a verifier of the
//! secret is stored. The mailbox's real password is stored sealed to a key pair that is derived from the secret, so
//! that only the app password opens it, and every holder of the record can seal a changed password.

use crate::{Mailbox, Time, letters, text};
use hmac::{Hmac, KeyInit, Mac};
use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::net::IpAddr;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The most app passwords that an account may have.
pub const APP_PASSWORDS_MAX: usize = 25;
/// The most networks that an app password may be bound to.
pub const NETWORKS_MAX: usize = 16;
/// Letters of an app password, without its hyphens.
pub const LENGTH: usize = ID_LENGTH + SECRET_LENGTH;
/// Random bytes for an app password: 125 of their bits are used.
pub const RANDOM: usize = 16;
/// Seconds in which another use from the same address is not recorded: mail apps open several connections at once.
pub const USE_RESOLUTION: i64 = 60;
/// Characters that are kept of a client's description of itself.
pub const CLIENT_MAX: usize = 128;

const ID_LENGTH: usize = 5;
const SECRET_LENGTH: usize = 20;
/// Letters between two hyphens.
const GROUP: usize = 5;

/// When and from where an app password is accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    expires: Option<Time>,
    networks: Vec<IpNet>,
}

/// Why [`Limits`] are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitsError {
    /// The expiry is not in the future.
    Past,
    /// More than [`NETWORKS_MAX`] networks.
    Networks,
}

impl Limits {
    /// Limits to uses before `expires`, if given, and from these networks, if there are any.
    ///
    /// # Errors
    /// [`LimitsError`].
    pub fn new(expires: Option<Time>, networks: Vec<IpNet>, now: Time) -> Result<Self, LimitsError> {
        if expires.is_some_and(|expires| expires <= now) {
            return Err(LimitsError::Past);
        }
        if networks.len() > NETWORKS_MAX {
            return Err(LimitsError::Networks);
        }
        Ok(Self { expires, networks: networks.iter().map(IpNet::trunc).collect() })
    }
}

/// The stored record of an app password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPassword {
    /// Unique in its account; the first letters of the app password.
    pub id: String,
    /// The user's description; may be empty.
    #[serde(deserialize_with = "text::read_line")]
    pub description: String,
    /// When it was made.
    pub created: Time,
    /// From when on it is refused.
    #[serde(default)]
    pub expires: Option<Time>,
    /// The networks from which it is accepted; empty: from anywhere.
    #[serde(default)]
    pub networks: Vec<IpNet>,
    /// The last use, to [`USE_RESOLUTION`].
    #[serde(default)]
    pub last_used: Option<Use>,
    /// The mailbox's password, sealed.
    pub sealed: Sealed,
    /// The mail server has refused the sealed password: it is not tried again until it is sealed anew.
    #[serde(default)]
    pub outdated: bool,
    /// It was seen to be expired: it stays expired, whatever the clock says later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) ended: bool,
    verifier: [u8; 32],
}

/// The mailbox's password, sealed to the key pair of an app password. Only the caller can interpret its content.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The public key.
    pub key: [u8; 32],
    /// The sealed text, which the private key opens.
    pub text: Vec<u8>,
    /// When it was sealed.
    pub at: Time,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed {{ {} bytes at {:?} }}", self.text.len(), self.at)
    }
}

/// A use of an app password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// When.
    pub time: Time,
    /// The client's address, if known.
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// The client's description of itself.
    #[serde(default, deserialize_with = "text::read_optional_line")]
    pub client: Option<String>,
}

/// An app password in clear text: just made, or typed.
pub struct Typed(Zeroizing<String>);

impl Typed {
    /// Makes one from random bytes that the caller drew.
    pub fn made_of(random: &Zeroizing<[u8; RANDOM]>) -> Self {
        Self(letters::write(u128::from_le_bytes(**random), LENGTH))
    }

    /// Parses typed text, if it has the form of an app password: case, blanks and hyphens do not count.
    pub fn read(text: &str) -> Option<Self> {
        letters::read(text, LENGTH).map(Self)
    }

    /// The id, for lookup.
    pub fn id(&self) -> &str {
        &self.0[..ID_LENGTH]
    }

    /// The form that is shown to the user, once.
    pub fn shown(&self) -> Zeroizing<String> {
        letters::grouped(&self.0, GROUP)
    }

    /// The input for the key pair: 32 bytes that cannot be computed without the secret.
    pub fn key_material(&self, mailbox: &Mailbox) -> Zeroizing<[u8; 32]> {
        self.derive("seal", mailbox)
    }

    fn verifier(&self, mailbox: &Mailbox) -> [u8; 32] {
        *self.derive("verify", mailbox)
    }

    /// The secret is the key of an HMAC over the purpose and the mailbox, so that one output reveals nothing about
    /// another. The master key is not used: otherwise it could never be replaced.
    fn derive(&self, purpose: &str, mailbox: &Mailbox) -> Zeroizing<[u8; 32]> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else {
            unreachable!("HMAC takes a key of any length")
        };
        for part in ["postern v1 app password ", purpose, " ", mailbox.as_str()] {
            mac.update(part.as_bytes());
        }
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

impl AppPassword {
    /// The record of an app password that was just made.
    pub fn keep(typed: &Typed, mailbox: &Mailbox, sealed: Sealed, now: Time) -> Self {
        Self {
            id: typed.id().to_owned(),
            description: String::new(),
            created: now,
            expires: None,
            networks: Vec::new(),
            last_used: None,
            sealed,
            outdated: false,
            ended: false,
            verifier: typed.verifier(mailbox),
        }
    }

    /// The same record with limits.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { expires: limits.expires, networks: limits.networks, ..self }
    }

    /// Whether it is the typed one, in a time that does not depend on the position of a difference.
    pub fn is(&self, typed: &Typed, mailbox: &Mailbox) -> bool {
        self.id == typed.id() && bool::from(self.verifier.ct_eq(&typed.verifier(mailbox)))
    }

    /// Whether it is the same one, with the same access.
    pub(crate) fn is_still(&self, other: &Self) -> bool {
        self.id == other.id && self.verifier == other.verifier && self.ended == other.ended
    }

    /// Whether it is expired at `now`.
    pub fn has_expired(&self, now: Time) -> bool {
        self.ended || self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether it is accepted from this address. One that is bound to networks is refused if the address is unknown.
    pub fn is_taken_from(&self, address: Option<IpAddr>) -> bool {
        let within =
            |address: IpAddr| self.networks.iter().any(|network| canonical(*network).contains(&address.to_canonical()));
        self.networks.is_empty() || address.is_some_and(within)
    }

    /// Records a use. Returns false if one was recorded just before, and nothing changes.
    pub(crate) fn note(&mut self, used: Use) -> bool {
        let just_before = |last: &Use| {
            last.address == used.address && last.time <= used.time && used.time < last.time.plus(USE_RESOLUTION)
        };
        if self.last_used.as_ref().is_some_and(just_before) {
            return false;
        }
        self.last_used = Some(used);
        true
    }
}

/// PAM services that give more than mail: a shell, another user's rights, a screen. App passwords, which are stored on
/// phones, are not accepted for them.
const SHELLS: [&str; 50] = [
    "atd",
    "chfn",
    "chsh",
    "cockpit",
    "cron",
    "crond",
    "cups",
    "doas",
    "dropbear",
    "gdm",
    "gdm-launch-environment",
    "gdm-password",
    "gnome-screensaver",
    "greetd",
    "i3lock",
    "kde",
    "kdm",
    "lightdm",
    "login",
    "openvpn",
    "passwd",
    "pkexec",
    "polkit-1",
    "proftpd",
    "pure-ftpd",
    "remote",
    "rlogin",
    "rsh",
    "runuser",
    "runuser-l",
    "samba",
    "screen",
    "sddm",
    "slim",
    "ssh",
    "sshd",
    "su",
    "su-l",
    "sudo",
    "sudo-i",
    "swaylock",
    "systemd-user",
    "telnet",
    "vlock",
    "vsftpd",
    "webmin",
    "x2go",
    "xdm",
    "xrdp-sesman",
    "xscreensaver",
];

/// Whether a PAM service gives more than mail.
pub fn is_shell(service: &str) -> bool {
    SHELLS.binary_search(&service.to_ascii_lowercase().as_str()).is_ok()
}

/// The IPv4 network of an IPv4-mapped IPv6 network (RFC 4291, section 2.5.5.2): an app password that was bound to one
/// before this mapping existed is accepted from it.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(six) = network else { return network };
    let mapped = six.addr().to_ipv4_mapped().zip(six.prefix_len().checked_sub(128 - 32));
    mapped.and_then(|(address, bits)| Ipv4Net::new(address, bits).ok()).map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{LookupName, Named};
    use crate::platform::Policy;

    fn mailbox(name: &str) -> Mailbox {
        let domains = vec!["example.com".to_owned()];
        let policy = Policy::default();
        let platforms = [crate::Platform { name: "p".to_owned(), domains, netbios: vec![], enabled: true, policy }];
        let Ok(Named::Ours(mailbox, _)) = LookupName::new(name).read(&platforms, "") else { panic!("{name}") };
        mailbox
    }

    fn typed() -> Typed {
        Typed::made_of(&Zeroizing::new(std::array::from_fn(|at| (at * 17 + 3) as u8)))
    }

    fn kept() -> AppPassword {
        let sealed = Sealed { key: [0; 32], text: vec![1, 2, 3], at: Time(5) };
        AppPassword::keep(&typed(), &mailbox("bob@example.com"), sealed, Time(5))
    }

    #[test]
    fn it_is_shown_in_five_groups_and_read_as_people_type_it() {
        let shown = typed().shown();
        let plain = shown.replace('-', "");
        assert_eq!((shown.len(), plain.len()), (29, 25));
        assert_eq!(shown.split('-').next(), Some(typed().id()));
        let confused = plain.replace('o', "0").replace('l', "1").replace('b', "8");
        for text in [&shown[..], &plain, &plain.to_uppercase(), &shown.replace('-', " "), &confused] {
            assert!(kept().is(&Typed::read(text).unwrap(), &mailbox("bob@example.com")), "{text}");
        }
        for text in ["", &plain[1..], &format!("{plain}a"), &plain.replacen(&plain[..1], "9", 1), "hunter2"] {
            assert!(Typed::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn it_is_good_for_its_own_mailbox_and_with_every_letter() {
        let (shown, bob) = (typed().shown(), mailbox("bob@example.com"));
        assert!(!kept().is(&typed(), &mailbox("eve@example.com")));
        for at in (0..shown.len()).filter(|at| shown.as_bytes()[*at] != b'-') {
            let mut other = shown.to_string().into_bytes();
            other[at] = if other[at] == b'a' { b'b' } else { b'a' };
            let other = Typed::read(std::str::from_utf8(&other).unwrap()).unwrap();
            assert!(!kept().is(&other, &bob), "{at}");
            assert_ne!(*other.key_material(&bob), *typed().key_material(&bob), "{at}");
        }
        assert_ne!(*typed().key_material(&bob), typed().verifier(&bob));
        assert_ne!(*typed().key_material(&bob), *typed().key_material(&mailbox("eve@example.com")));
    }

    #[test]
    fn networks_and_times_bound_it() {
        let mut it = kept();
        assert!(it.is_taken_from(None) && !it.has_expired(Time(i64::MAX)));
        it.networks = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        it.expires = Some(Time(10));
        for (address, taken) in [
            ("192.0.2.9", true),
            ("::ffff:192.0.2.9", true),
            ("192.0.3.9", false),
            ("2001:db8::1", true),
            ("::1", false),
        ] {
            assert_eq!(it.is_taken_from(Some(address.parse().unwrap())), taken, "{address}");
        }
        assert!(!it.is_taken_from(None));
        it.networks = vec!["::ffff:192.0.2.0/120".parse().unwrap()];
        for (address, taken) in [("192.0.2.9", true), ("::ffff:192.0.2.9", true), ("192.0.3.9", false), ("::1", false)]
        {
            assert_eq!(it.is_taken_from(Some(address.parse().unwrap())), taken, "{address}");
        }
        assert!(!it.has_expired(Time(9)) && it.has_expired(Time(10)));
    }

    #[test]
    fn a_use_is_noted_once_a_minute_and_address() {
        let mut it = kept();
        let used = |time, address: &str| Use { time: Time(time), address: address.parse().ok(), client: None };
        assert!(it.note(used(100, "192.0.2.1")) && !it.note(used(159, "192.0.2.1")));
        assert!(it.note(used(160, "192.0.2.1")) && it.note(used(161, "192.0.2.2")));
        assert!(it.note(used(100, "192.0.2.2")), "the clock stepped back");
    }

    #[test]
    fn what_is_kept_does_not_hold_the_secret() {
        let kept = serde_json::to_string(&kept()).unwrap() + &format!("{:?}", super::tests::kept());
        let shown = typed().shown();
        assert!(shown.split('-').skip(1).all(|group| !kept.contains(group)));
    }

    #[test]
    fn shells_are_told_from_mail() {
        assert!(SHELLS.is_sorted());
        assert!(is_shell("sshd") && is_shell("SUDO") && !is_shell("dovecot") && !is_shell("smtp"));
    }
}
