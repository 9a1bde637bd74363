//! One order at an authority, from the names to the certificate (RFC 8555, section 7.4).

use super::answers::{Answers, Asked};
use super::trouble::Trouble;
use instant_acme::{
    Account, AuthorizationStatus, ChallengeHandle, ChallengeType, Identifier, NewOrder, Order, OrderStatus, Problem,
    RetryPolicy,
};
use jiff::Timestamp;
use postern_front::tls::{Validity, provider};
use postern_proxy_config::{self as config, Challenge};
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use std::time::Duration;
use zeroize::Zeroizing;

/// How often the order's status is polled; the authority may ask for longer intervals.
const ASK: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(500)).backoff(1.5).timeout(Duration::from_secs(120));

/// Orders a certificate. Returns its private key, followed by the certificate and its chain, in PEM.
///
/// # Errors
/// Any [`Trouble`].
pub(super) async fn order(
    account: &Account,
    settings: &config::Acme,
    answers: &Answers,
) -> Result<Zeroizing<String>, Trouble> {
    let names: Vec<Identifier> = settings.domains.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    let asked = answers.open();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        let name = authorization.identifier().to_string();
        // An authorization from an earlier order may still be valid.
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let kind = match settings.challenge {
            Challenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
            Challenge::Http01 => ChallengeType::Http01,
        };
        let mut challenge = authorization.challenge(kind).ok_or_else(|| Trouble::NoChallenge(name.clone()))?;
        lay_out(&asked, &name, settings.challenge, &challenge)?;
        challenge.set_ready().await?;
    }
    match order.poll_ready(&ASK).await {
        Ok(OrderStatus::Ready) => {}
        Ok(_) => return Err(why_not(&mut order, None).await),
        Err(instant_acme::Error::Api(problem)) => return Err(why_not(&mut order, Some(problem)).await),
        Err(error) => return Err(error.into()),
    }
    drop(asked);
    let key = Zeroizing::new(order.finalize().await?);
    let chain = order.poll_certificate(&ASK).await?;
    Ok(Zeroizing::new([key.as_str(), &chain].concat()))
}

fn lay_out(asked: &Asked<'_>, name: &str, kind: Challenge, challenge: &ChallengeHandle<'_>) -> Result<(), Trouble> {
    let proof = challenge.key_authorization();
    match kind {
        Challenge::TlsAlpn01 => {
            asked.by_tls(name, proof.digest().as_ref()).map_err(|error| Trouble::Garbled(error.to_string()))?;
        }
        Challenge::Http01 => asked.by_http(&challenge.token, proof.as_str()),
    }
    Ok(())
}

/// The authority's problem with a name; if none is found, its problem with the order.
async fn why_not(order: &mut Order, whole: Option<Problem>) -> Trouble {
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        if let Some(problem) = authorization.challenges.iter().find_map(|challenge| challenge.error.clone()) {
            return Trouble::Refused { name: Some(authorization.identifier().to_string()), problem };
        }
    }
    match whole {
        Some(problem) => Trouble::Refused { name: None, problem },
        None => Trouble::Garbled("it calls the order invalid and does not say why".to_owned()),
    }
}

/// Checks an issued certificate, and returns its validity period.
///
/// # Errors
/// [`Trouble::Useless`].
pub(super) fn judge(pem: &str, domains: &[String], now: Timestamp) -> Result<Validity, Trouble> {
    let useless = |why: &dyn ToString| Trouble::Useless(why.to_string());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let chain = chain.map_err(|_| useless(&"it is damaged"))?;
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| useless(&"the key is damaged"))?;
    let first = chain.first().ok_or_else(|| useless(&"there is no certificate"))?;
    let validity = Validity::of(first).map_err(|error| useless(&error))?;
    if now > validity.until {
        return Err(useless(&format!("it was good until {}; is this host's clock right?", validity.until)));
    }
    if let Some(name) = missing(first, domains) {
        return Err(useless(&format!("it is not for {name}")));
    }
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| useless(&error))?;
    Ok(validity)
}

/// A configured name that the certificate does not contain, if there is one.
pub(super) fn missing<'a>(certificate: &CertificateDer<'_>, domains: &'a [String]) -> Option<&'a str> {
    let parsed = ParsedCertificate::try_from(certificate);
    let is_for = |domain: &str| {
        let (Ok(parsed), Ok(name)) = (&parsed, ServerName::try_from(domain)) else { return false };
        verify_server_name(parsed, &name).is_ok()
    };
    domains.iter().map(String::as_str).find(|domain| !is_for(domain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn issued(key: &KeyPair, names: &[&str]) -> String {
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params.not_after = date_time_ymd(2030, 1, 1);
        params.self_signed(key).unwrap().pem()
    }

    #[test]
    fn what_is_issued_is_judged() {
        let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let both = ["a.example".to_owned(), "b.example".to_owned()];
        let now: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let judged = |key: &KeyPair, chain: &str, now| {
            judge(&format!("{}{chain}", key.serialize_pem()), &both, now).map_err(|trouble| trouble.to_string())
        };
        let right = issued(&key, &["b.example", "a.example"]);
        assert_eq!(judged(&key, &right, now).unwrap().until.to_string(), "2030-01-01T00:00:00Z");
        for (key, chain, now, why) in [
            (&other, &right, now, "KeyMismatch"),
            (&key, &right, "2030-01-02T00:00:00Z".parse().unwrap(), "is this host's clock right?"),
            (&key, &issued(&key, &["a.example"]), now, "it is not for b.example"),
            (&key, &String::new(), now, "there is no certificate"),
            (&key, &right.replace("END", "ENT"), now, "it is damaged"),
        ] {
            let said = judged(key, chain, now).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
