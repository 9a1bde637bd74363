//! The validity period of a certificate (RFC 5280, section 4.1.2.5).

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;
use std::fmt;
use yasna::tags::{TAG_GENERALIZEDTIME, TAG_UTCTIME};
use yasna::{ASN1Result, BERReader, Tag};

/// The fraction of its lifetime that a certificate is used for before it is renewed: two thirds, as the authorities
/// advise.
const RENEWED_AT: (i64, i64) = (2, 3);

/// The validity period of a certificate, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Its first second.
    pub from: Timestamp,
    /// Its last second.
    pub until: Timestamp,
}

/// The validity period of the certificate cannot be read.
#[derive(Debug)]
pub struct ValidityError;

impl fmt::Display for ValidityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the certificate does not say from when until when it is good")
    }
}

impl std::error::Error for ValidityError {}

impl Validity {
    /// Reads the validity period.
    ///
    /// # Errors
    /// [`ValidityError`], if it is not a certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, ValidityError> {
        let [from, until] = yasna::parse_der(certificate, read).map_err(|_| ValidityError)?;
        let at = |second| Timestamp::from_second(second).map_err(|_| ValidityError);
        Ok(Self { from: at(from)?, until: at(until)? })
    }

    /// Whether the certificate is valid at this time.
    pub fn contains(&self, now: Timestamp) -> bool {
        (self.from..=self.until).contains(&now)
    }

    /// The length of the period.
    pub fn length(&self) -> SignedDuration {
        self.until.duration_since(self.from)
    }

    /// When the certificate is to be renewed.
    pub fn renewal(&self) -> Timestamp {
        let (part, whole) = RENEWED_AT;
        self.from + SignedDuration::from_secs(self.length().as_secs() / whole * part)
    }
}

/// Reads a `Certificate`, as far as `validity`, in seconds since 1970.
fn read(certificate: BERReader<'_, '_>) -> ASN1Result<[i64; 2]> {
    certificate.read_sequence(|signed| {
        let times = signed.next().read_sequence(|fields| {
            fields.read_optional(|version| version.read_tagged(Tag::context(0), |version| version.read_u8()))?;
            for _serial_algorithm_issuer in 0..3 {
                fields.next().read_der()?;
            }
            let times = fields.next().read_sequence(|times| Ok([time(times.next())?, time(times.next())?]))?;
            while fields.read_optional(|further| further.read_der())?.is_some() {}
            Ok(times)
        })?;
        signed.next().read_der()?;
        signed.next().read_der()?;
        Ok(times)
    })
}

fn time(field: BERReader<'_, '_>) -> ASN1Result<i64> {
    match field.lookahead_tag()? {
        TAG_UTCTIME => field.read_utctime().map(|time| time.datetime().unix_timestamp()),
        TAG_GENERALIZEDTIME => field.read_generalized_time().map(|time| time.datetime().unix_timestamp()),
        _ => Err(yasna::ASN1Error::new(yasna::ASN1ErrorKind::Invalid)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn certificate(from: i32, until: i32) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    /// From 2050 on, a certificate's time is encoded differently.
    #[test]
    fn both_ways_of_writing_a_time_are_read() {
        let validity = Validity::of(&certificate(2026, 2099)).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(validity, Validity { from: at("2026-01-01T00:00:00Z"), until: at("2099-01-01T00:00:00Z") });
        assert!(validity.contains(validity.from) && validity.contains(validity.until));
        let second = SignedDuration::from_secs(1);
        assert!(!validity.contains(validity.from - second) && !validity.contains(validity.until + second));
    }

    #[test]
    fn it_is_renewed_after_two_thirds() {
        let validity = Validity::of(&certificate(2026, 2029)).unwrap();
        assert_eq!(validity.length(), SignedDuration::from_hours(24 * (3 * 365 + 1)));
        assert_eq!(validity.renewal(), "2028-01-01T16:00:00Z".parse().unwrap());
    }

    #[test]
    fn what_is_no_certificate_has_none() {
        let whole = certificate(2026, 2027);
        for count in 0..whole.len() {
            assert!(Validity::of(&CertificateDer::from(&whole[..count])).is_err(), "{count}");
        }
        assert!(Validity::of(&CertificateDer::from(vec![0x30; 9])).is_err());
    }
}
