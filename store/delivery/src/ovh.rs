//! The signature of OVHcloud's API, version 1: a template cannot express it, since it covers the request itself.
//!
//! `X-Ovh-Signature` is `$1$` followed by the SHA-1, in hexadecimal, of the application secret, the consumer key, the
//! method, the URL, the body and the time in seconds, joined with plus signs ("First steps with the OVHcloud APIs").

use crate::config;
use crate::failure::SetUpError;
use crate::secret_file;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use postern_rules::Time;
use postern_wire::Secret;
use sha1::{Digest, Sha1};
use std::fmt::Write as _;

const APPLICATION: HeaderName = HeaderName::from_static("x-ovh-application");
const CONSUMER: HeaderName = HeaderName::from_static("x-ovh-consumer");
const SIGNATURE: HeaderName = HeaderName::from_static("x-ovh-signature");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-ovh-timestamp");

/// The keys of an application.
pub(crate) struct Ovh {
    application_key: HeaderValue,
    application_secret: Secret,
    consumer_key: (Secret, HeaderValue),
}

impl Ovh {
    /// Reads the keys from their files.
    pub(crate) fn new(ovh: &config::Ovh) -> Result<Self, SetUpError> {
        let consumer_key = secret_file::read(&ovh.consumer_key_file)?;
        let mut header = HeaderValue::from_str(consumer_key.reveal())
            .map_err(|_| SetUpError("OVHcloud's consumer key has letters that no header can have".to_owned()))?;
        header.set_sensitive(true);
        Ok(Self {
            application_key: HeaderValue::from_str(&ovh.application_key)
                .map_err(|_| SetUpError("[sms.ovh] application_key has letters that no header can have".to_owned()))?,
            application_secret: secret_file::read(&ovh.application_secret_file)?,
            consumer_key: (consumer_key, header),
        })
    }

    /// Signs a request that is about to be sent.
    pub(crate) fn sign(&self, now: Time, method: &Method, url: &str, body: &str, headers: &mut HeaderMap) {
        let time = now.unsigned().to_string();
        let (consumer_key, consumer_header) = &self.consumer_key;
        let signed = [self.application_secret.reveal(), consumer_key.reveal(), method.as_str(), url, body, &time];
        let mut digest = Sha1::new();
        for (index, part) in signed.into_iter().enumerate() {
            digest.update(if index == 0 { "" } else { "+" });
            digest.update(part);
        }
        let mut signature = "$1$".to_owned();
        for byte in digest.finalize() {
            let _ = write!(signature, "{byte:02x}");
        }
        headers.insert(APPLICATION, self.application_key.clone());
        headers.insert(CONSUMER, consumer_header.clone());
        headers.insert(SIGNATURE, HeaderValue::try_from(signature).expect("it is hexadecimal digits"));
        headers.insert(TIMESTAMP, HeaderValue::try_from(time).expect("it is digits"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected value: `printf %s 'as+ck+POST+https://eu.api.ovh.com/1.0/sms/s/jobs+{"a":1}+1366560945' | sha1sum`.
    #[test]
    fn the_signature_is_what_a_shell_makes_of_it() {
        let ovh = Ovh {
            application_key: HeaderValue::from_static("ak"),
            application_secret: Secret::from("as"),
            consumer_key: (Secret::from("ck"), HeaderValue::from_static("ck")),
        };
        let mut headers = HeaderMap::new();
        let url = "https://eu.api.ovh.com/1.0/sms/s/jobs";
        ovh.sign(Time(1_366_560_945), &Method::POST, url, "{\"a\":1}", &mut headers);
        assert_eq!(headers[SIGNATURE], "$1$5b7fe4d936838e79e6133d8e9c3e2bfa71ed2fb7");
        assert_eq!(
            (&headers[TIMESTAMP], &headers[APPLICATION], &headers[CONSUMER]),
            (&HeaderValue::from_static("1366560945"), &HeaderValue::from_static("ak"), &HeaderValue::from_static("ck"),)
        );
    }
}
