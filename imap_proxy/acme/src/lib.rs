//! A certificate from an authority, by ACME (RFC 8555): ordered, stored, and renewed without interrupting service.
//!
//! The sequence is in [`Acme::run`]. The certificate in use is replaced only when the next one is on disk. While there
//! is none, every TLS handshake except the authority's own is refused.

mod answers;
mod http;
mod order;
mod plain;
mod state;
mod trouble;

use answers::Answers;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Http;
use instant_acme::{Account, ExternalAccountKey, NewAccount};
use jiff::Timestamp;
use postern_front::clock;
use postern_front::tls::{Certificate, TlsError, Validity};
use postern_process::systemd;
use postern_proxy_config::{self as config, Challenge};
use rustls::ServerConfig;
use state::{State, StateError};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::Signal;
use tokio::time::{sleep, timeout};
use trouble::{BackOff, Trouble};
use zeroize::Zeroizing;

/// How often the clock is checked: the time of renewal is measured by the wall clock, which can be set, and goes on
/// while the machine sleeps.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a whole order may take.
const ORDER: Duration = Duration::from_secs(300);
/// The fraction of a certificate's lifetime to wait before the next order, where this host's clock says that the
/// certificate is due as soon as it is issued: so a wrong clock does not cause one order after the other.
const REST: u32 = 3;

/// Orders and renews the certificate.
pub struct Acme {
    settings: config::Acme,
    state: State,
    http: Http,
    external_account: Option<ExternalAccount>,
    answers: Answers,
    certificate: Arc<Certificate>,
}

/// The credentials of an existing account at the authority.
struct ExternalAccount {
    id: String,
    key: Zeroizing<Vec<u8>>,
}

/// Why it cannot be set up.
#[derive(Debug)]
pub struct AcmeError(Cause);

#[derive(Debug)]
enum Cause {
    State(StateError),
    Ca(TlsError),
    ExternalAccount { key: PathBuf, why: String },
}

impl fmt::Display for AcmeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::State(error) => write!(f, "{error}"),
            Cause::Ca(error) => write!(f, "`directory_ca` in [tls.acme]: {error}"),
            Cause::ExternalAccount { key, why } => write!(
                f,
                "{}: {why}; `external_account_key` in [tls.acme] names a file with the key that the authority has given, \
                 in base64url and nothing beside it",
                key.display()
            ),
        }
    }
}

impl std::error::Error for AcmeError {}

impl From<StateError> for AcmeError {
    fn from(error: StateError) -> Self {
        Self(Cause::State(error))
    }
}

impl Acme {
    /// Loads the stored state. Nothing is written, and no request is sent.
    ///
    /// # Errors
    /// If an existing file cannot be read. A damaged certificate counts as none: the next is ordered.
    pub fn new(settings: config::Acme) -> Result<Self, AcmeError> {
        let state = State::at(settings.state.clone());
        let http = Http::new(settings.directory_ca.as_deref()).map_err(|error| AcmeError(Cause::Ca(error)))?;
        let external_account = settings.external_account.as_ref().map(ExternalAccount::read).transpose()?;
        state.account(&settings.directory)?;
        let certificate = Certificate::awaited(state.certificate());
        if state.origin()?.is_some()
            && let Err(error) = certificate.reload()
        {
            tracing::error!(%error, "the certificate that is kept is of no use; another one is ordered");
        }
        Ok(Self { settings, state, http, external_account, answers: Answers::default(), certificate })
    }

    /// The certificate, once there is one.
    pub fn certificate(&self) -> &Arc<Certificate> {
        &self.certificate
    }

    /// Makes a listener at port 443 respond to the authority, where TLS-ALPN-01 is configured. It must close
    /// connections that have negotiated [`postern_front::tls::ACME_TLS`] after the handshake.
    pub fn answer_at(&self, tls: &Arc<ServerConfig>) -> Arc<ServerConfig> {
        match self.settings.challenge {
            Challenge::TlsAlpn01 => Arc::new(self.answers.at(tls)),
            Challenge::Http01 => Arc::clone(tls),
        }
    }

    /// Where to listen for HTTP without TLS.
    pub fn http_listen(&self) -> Option<SocketAddr> {
        self.settings.http_listen
    }

    /// Serves HTTP clients until `stop` is done: answers the authority, and redirects browsers to the webmail.
    pub fn serve_http<S: Future<Output = ()>>(
        &self,
        socket: TcpListener,
        stop: S,
    ) -> impl Future<Output = ()> + use<S> {
        plain::serve(socket, self.answers.clone(), self.settings.webmail.clone(), stop)
    }

    /// Creates the state directory.
    ///
    /// # Errors
    /// If that fails, or other users can access it.
    pub fn make_state(&self) -> Result<(), AcmeError> {
        Ok(self.state.make()?)
    }

    /// Orders a certificate whenever one is due; never returns. At each `hangup` the stored certificate is read again,
    /// or another is ordered if it was removed, and an order that waits for its next attempt is tried at once.
    pub async fn run(self, mut hangup: Signal) {
        let mut is_wrong = self.is_wrong();
        let mut back_off = BackOff::default();
        let mut not_before = clock::monotonic();
        match self.validity() {
            Some(validity) => self.tell_use(validity),
            None => {
                tracing::warn!("there is no certificate yet: until it comes, TLS is refused");
                systemd::notify_status(&format!(
                    "No TLS before there is a certificate: asking {}",
                    self.settings.directory
                ));
            }
        }
        loop {
            let is_time = is_wrong || self.validity().is_none_or(|validity| clock::wall() >= validity.renewal());
            if is_time && clock::monotonic() >= not_before {
                let pause = match self.renew().await {
                    Ok(validity) => {
                        (is_wrong, back_off) = (false, BackOff::default());
                        self.tell_use(validity);
                        rest(validity, clock::wall())
                    }
                    Err(trouble) => {
                        let pause = back_off.after(&trouble);
                        self.tell_trouble(&trouble, pause);
                        pause
                    }
                };
                not_before = clock::monotonic() + pause;
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                _ = hangup.recv() => {
                    not_before = clock::monotonic();
                    is_wrong |= !self.is_there_again();
                }
            }
        }
    }

    /// Whether there is no certificate, or one for other names than configured, or from another authority.
    fn is_wrong(&self) -> bool {
        let origin = self.state.origin().ok().flatten();
        let current = self.certificate.current();
        let first = current.as_ref().and_then(|current| current.cert.first());
        let names_are_missing = first.is_none_or(|first| order::missing(first, &self.settings.domains).is_some());
        names_are_missing || origin.as_ref() != Some(&self.settings.directory)
    }

    fn validity(&self) -> Option<Validity> {
        Validity::of(self.certificate.current()?.cert.first()?).ok()
    }

    /// Orders a certificate, stores it, and puts it into use.
    async fn renew(&self) -> Result<Validity, Trouble> {
        self.state.probe()?;
        tracing::info!(directory = self.settings.directory, names = ?self.settings.domains, "a certificate is ordered");
        let pem = timeout(ORDER, self.order()).await.unwrap_or(Err(Trouble::Slow))?;
        let validity = order::judge(&pem, &self.settings.domains, clock::wall())?;
        self.state.keep_certificate(&self.settings.directory, &pem).map_err(Trouble::Unkept)?;
        self.certificate.reload().map_err(|error| Trouble::Useless(error.to_string()))?;
        Ok(validity)
    }

    async fn order(&self) -> Result<Zeroizing<String>, Trouble> {
        match order::order(&self.account().await?, &self.settings, &self.answers).await {
            // The authority has lost its accounts; the order is repeated once with a new account.
            Err(trouble) if trouble.is_of_unknown_account() => {
                tracing::warn!("the authority does not know our account any more; another one is made");
                self.state.forget_account()?;
                order::order(&self.account().await?, &self.settings, &self.answers).await
            }
            outcome => outcome,
        }
    }

    /// The stored account, or a new one.
    async fn account(&self) -> Result<Account, Trouble> {
        let settings = &self.settings;
        let builder = Account::builder_with_http(Box::new(self.http.clone()));
        if let Some(credentials) = self.state.account(&settings.directory)? {
            return Ok(builder.from_credentials(credentials).await?);
        }
        let contact: Vec<&str> = settings.contact.iter().map(String::as_str).collect();
        let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let external = self.external_account.as_ref().map(|it| ExternalAccountKey::new(it.id.clone(), &it.key));
        let (account, credentials) = builder.create(&new, settings.directory.clone(), external.as_ref()).await?;
        self.state.keep_account(&credentials).map_err(Trouble::Unkept)?;
        tracing::info!(account = account.id(), "an account was made at the authority");
        Ok(account)
    }

    /// Reads the certificate again. False if the administrator has removed it, in order to get another one.
    fn is_there_again(&self) -> bool {
        match self.state.origin() {
            Ok(None) => return false,
            Ok(Some(_)) => match self.certificate.reload() {
                Ok(()) => tracing::info!("the certificate was read again"),
                Err(error) => tracing::error!(%error, "the certificate that is kept is not used"),
            },
            Err(error) => tracing::error!(%error, "the certificate was not read again"),
        }
        true
    }

    fn tell_use(&self, validity: Validity) {
        let (until, renewal) = (validity.until, validity.renewal());
        tracing::info!(%until, %renewal, names = ?self.settings.domains, "the certificate of the authority is in use");
        systemd::notify_status(&format!("Certificate until {}, renewed from {} on", day(until), day(renewal)));
    }

    fn tell_trouble(&self, trouble: &Trouble, pause: Duration) {
        let has_one = self.certificate.current().is_some();
        let state = if has_one { "the one in use stays" } else { "there is none, and TLS is refused" };
        let wait = match pause.as_secs() {
            seconds @ ..120 => format!("{seconds} s"),
            seconds => format!("{} min", seconds / 60),
        };
        tracing::error!("no certificate was got; {state}; the next attempt is in {wait}: {trouble}");
        systemd::notify_status(&format!("No certificate was got; {state}: {trouble}"));
    }
}

impl ExternalAccount {
    fn read(settings: &config::ExternalAccount) -> Result<Self, AcmeError> {
        let wrong = |why: String| AcmeError(Cause::ExternalAccount { key: settings.key.clone(), why });
        let text = std::fs::read_to_string(&settings.key).map(Zeroizing::new);
        let text = text.map_err(|error| wrong(error.to_string()))?;
        let key = URL_SAFE_NO_PAD.decode(text.trim().trim_end_matches('=')).ok().filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| wrong("is no key in base64url".to_owned()))?;
        Ok(Self { id: settings.id.clone(), key: Zeroizing::new(key) })
    }
}

/// How long to wait after a certificate was issued, whenever it is due.
fn rest(validity: Validity, now: Timestamp) -> Duration {
    if now < validity.renewal() {
        return Duration::ZERO;
    }
    tracing::warn!("the certificate is due already when it comes; is this host's clock right?");
    validity.length().unsigned_abs() / REST
}

/// The day of a time.
fn day(time: Timestamp) -> impl fmt::Display {
    time.strftime("%Y-%m-%d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_due_when_it_comes_is_not_ordered_again_at_once() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let validity = Validity { from: at("2026-01-01T00:00:00Z"), until: at("2026-04-01T00:00:00Z") };
        for (now, days) in [("2020-01-01T00:00:00Z", 0), ("2026-03-01T23:59:59Z", 0), ("2026-03-02T00:00:00Z", 30)] {
            assert_eq!(rest(validity, at(now)), Duration::from_secs(days * 24 * 3600), "{now}");
        }
    }

    #[test]
    fn the_key_of_an_external_account_is_base64url() {
        let home = tempfile::tempdir().unwrap();
        let key = home.path().join("key");
        let read = |text: &str| {
            std::fs::write(&key, text).unwrap();
            ExternalAccount::read(&config::ExternalAccount { id: "id".to_owned(), key: key.clone() })
        };
        for text in ["-_8", "-_8=\n", " -_8=="] {
            assert_eq!(read(text).ok().unwrap().key.as_slice(), [0xfb, 0xff]);
        }
        for text in ["", "=", "+/8=", "a b", "-_8\n-_8"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
