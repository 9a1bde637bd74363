//! The relying party: the host of the pages.

use std::fmt;
use std::net::Ipv4Addr;

/// The port that browsers leave out of an `https` origin.
const HTTPS_PORT: u16 = 443;
/// Maximum length of a host name in characters (RFC 1035, 2.3.4).
const MAX_HOST: usize = 253;

/// The relying party that keys are registered with. A key signs for its id, and the browser reports the origin of the
/// pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    origin: String,
    name: String,
}

/// Why pages cannot use security keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRelyingParty {
    /// Not of the form `https://HOST/` or `https://HOST:PORT/`.
    NotHttps,
    /// Not a host name in ASCII but, for example, an IP address, which browsers refuse.
    NotAName,
}

impl RelyingParty {
    /// Creates the relying party of the pages at `public_url`, which may have a path; the browser displays `name`.
    ///
    /// Keys belong to the host: on a new host, all users must register theirs again.
    ///
    /// # Errors
    /// See [`NoRelyingParty`].
    pub fn new(public_url: &str, name: &str) -> Result<Self, NoRelyingParty> {
        let url = public_url.to_ascii_lowercase();
        let authority = url.strip_prefix("https://").ok_or(NoRelyingParty::NotHttps)?;
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        let (id, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.starts_with('+') => (host, port.parse().map_err(|_| NoRelyingParty::NotHttps)?),
            Some(_) => return Err(NoRelyingParty::NotHttps),
            None => (authority, HTTPS_PORT),
        };
        if !is_name(id) {
            return Err(NoRelyingParty::NotAName);
        }
        // As browsers write it (HTML, "serialization of an origin").
        let origin = if port == HTTPS_PORT { format!("https://{id}") } else { format!("https://{id}:{port}") };
        Ok(Self { id: id.to_owned(), origin, name: name.to_owned() })
    }

    /// The host; keys identify it by its hash.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Scheme, host and port, as browsers write them.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The name that the browser displays.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Whether it is a host name, in the ASCII form that browsers use, and not an IP address.
fn is_name(host: &str) -> bool {
    let of_a_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    host.len() <= MAX_HOST
        && host.parse::<Ipv4Addr>().is_err()
        && host.split('.').all(|label| !label.is_empty() && label.bytes().all(of_a_name))
}

impl fmt::Display for NoRelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttps => {
                "security keys work on https pages only. Give an address like https://webmail.example.com/"
            }
            Self::NotAName => {
                "security keys belong to a host's name, and browsers take no address for one. \
                 Give an address like https://webmail.example.com/"
            }
        })
    }
}

impl std::error::Error for NoRelyingParty {}
