//! The parts of the front, each with the dependencies that it uses.

use super::account::change::Changes;
use super::account::proving::Proving;
use super::account::reader::AccountReader;
use super::account::security::SecurityPage;
use super::challenge::code::CodePages;
use super::challenge::lost::LostPage;
use super::challenge::prepare::Preparation;
use super::challenge::set_up::SetUpPages;
use super::challenge::shown_once::ShownOnce;
use super::challenge::transitions::Transitions;
use super::endpoints::request::Endpoints;
use super::login::sign_in::SignIns;
use super::login::webmail::WebmailLogin;
use super::pages::Pages;
use super::portal_pages::PortalPages;
use super::relay::Relay;
use super::session::logout::Logout;
use super::session::registry::{WebmailFollower, WebmailSessions};
use super::session::repeats::Repeats;
use super::session::store::Store;
use super::submission::Submissions;
use postern_front::daemon::Daemon;
use postern_front::follow::Follower;
use postern_front::session_registry::SessionRegistry;
use postern_http::upstream::Upstream;
use postern_products::product::Product;
use postern_proxy_config as config;
use std::sync::Arc;

/// All parts of the front.
pub(crate) struct Parts {
    pub(crate) sessions: Arc<Store>,
    pub(crate) follower: Arc<WebmailFollower>,
    pub(crate) pages: Pages,
    pub(crate) relay: Relay,
    pub(crate) endpoints: Endpoints,
    pub(crate) portal: Arc<PortalPages>,
    pub(crate) submissions: Submissions,
}

impl Parts {
    /// Creates the parts, in a runtime: from here on they follow changes at the daemon.
    ///
    /// # Errors
    /// When the system provides no random bytes.
    pub(crate) fn new(
        settings: &config::Webmail,
        product: &'static dyn Product,
        upstream: Upstream,
        daemon: Daemon,
    ) -> Result<Self, getrandom::Error> {
        let (mut fingerprint_key, mut form_key) = ([0; 32], [0; 32]);
        getrandom::fill(&mut fingerprint_key)?;
        getrandom::fill(&mut form_key)?;
        let (sessions, running) = (Arc::<Store>::default(), SessionRegistry::default());
        let repeats = Arc::new(Repeats::new(form_key));
        let admitted = WebmailSessions {
            sessions: Arc::clone(&sessions),
            repeats: Arc::clone(&repeats),
            running: running.clone(),
        };
        let follower = Follower::new(daemon.clone(), admitted);
        let site = settings.public_url.origin().to_owned();
        let (pages, logout) = (Pages::new(&settings.brand), Logout::new(upstream.clone()));
        let preparation = Preparation { daemon: daemon.clone(), site: site.clone() };
        let endpoints = Endpoints::new(settings, &upstream, daemon.clone(), Arc::clone(&follower), running);
        let sign_ins = Arc::new(SignIns {
            product,
            webmail: WebmailLogin { product, upstream: upstream.for_logins() },
            daemon: daemon.clone(),
            follower: Arc::clone(&follower),
            sessions: Arc::clone(&sessions),
            pages: pages.clone(),
            logout: logout.clone(),
            preparation: preparation.clone(),
            fingerprint_key,
            site: site.clone(),
        });
        let portal = Arc::new(portal(daemon, &follower, &pages, &logout, preparation, site));
        let submissions = Submissions {
            product,
            sessions: Arc::clone(&sessions),
            repeats,
            pages: pages.clone(),
            sign_ins,
            portal: Arc::clone(&portal),
        };
        let relay =
            Relay { product, upstream_for_visitors: upstream.for_visitors(), upstream, pages: pages.clone(), logout };
        Ok(Self { sessions, follower, pages, relay, endpoints, portal, submissions })
    }
}

fn portal(
    daemon: Daemon,
    follower: &Arc<WebmailFollower>,
    pages: &Pages,
    logout: &Logout,
    preparation: Preparation,
    site: String,
) -> PortalPages {
    let (pages, logout) = (pages.clone(), logout.clone());
    let transitions = Transitions { pages: pages.clone(), logout: logout.clone(), follower: Arc::clone(follower) };
    let proving = Proving {
        daemon: daemon.clone(),
        pages: pages.clone(),
        transitions: transitions.clone(),
        preparation: preparation.clone(),
    };
    let reader = AccountReader { daemon: daemon.clone(), transitions: transitions.clone(), proving: proving.clone() };
    PortalPages {
        code: CodePages {
            daemon: daemon.clone(),
            follower: Arc::clone(follower),
            pages: pages.clone(),
            transitions: transitions.clone(),
            preparation,
        },
        set_up: SetUpPages {
            daemon: daemon.clone(),
            follower: Arc::clone(follower),
            pages: pages.clone(),
            transitions: transitions.clone(),
            site,
        },
        lost: LostPage { daemon: daemon.clone(), pages: pages.clone(), transitions: transitions.clone() },
        shown_once: ShownOnce {
            follower: Arc::clone(follower),
            pages: pages.clone(),
            transitions: transitions.clone(),
        },
        security: SecurityPage { pages: pages.clone(), reader: reader.clone() },
        changes: Changes {
            daemon,
            follower: Arc::clone(follower),
            pages: pages.clone(),
            logout,
            transitions: transitions.clone(),
            proving: proving.clone(),
            reader,
        },
        pages,
        transitions,
        proving,
    }
}
