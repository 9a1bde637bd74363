//! What a request is, and what to do with it in each stage of a session. Pure; the driver in `front.rs` carries it out.

use super::headers;
use super::routes::{self, PortalRoute, Route, home};
use super::session::stage::Stage;
use http::{HeaderMap, Method};
use postern_portal::paths;
use postern_products::path::{self, Odd, Path};
use postern_products::product::{Head, Kind, Product};
use postern_proxy_config::Endpoint;

/// The folder of our own pages, in any case of its letters.
const OWN_FOLDER: &str = "postern";

/// The value that browsers send with every request for the script of a service worker (Service Workers, section 6.4).
const SERVICE_WORKER: &str = "service-worker";

/// The class of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A GET or HEAD request for one of our own pages or files.
    Read(PortalRoute),
    /// A POST request to one of our own pages.
    Post(PortalRoute),
    /// A path in our folder that does not exist.
    Unknown,
    /// A path that can be interpreted in two ways.
    Odd(Odd),
    /// A method that no webmail uses.
    Method,
    /// The script of a service worker, which would intercept all pages of this host, including ours.
    Worker,
    /// For one of our own pages or forms, but not a navigation by a user: a script of the webmail has the same origin
    /// and the same cookie.
    Scripted,
    /// For the webmail.
    Webmail(Kind),
}

/// A classified request: its path and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// None if the path is odd.
    pub path: Option<Path>,
    /// The class.
    pub class: Class,
}

/// Classifies a request; `path` and `query` are as received, before any decoding.
pub fn classify(product: &dyn Product, method: &Method, path: &[u8], query: &str, headers: &HeaderMap) -> Classified {
    let path = match path::parse(path) {
        Ok(path) => path,
        Err(odd) => return Classified { path: None, class: Class::Odd(odd) },
    };
    let class = class(product, &Head { method, path: &path, query, headers });
    Classified { path: Some(path), class }
}

fn class(product: &dyn Product, head: &Head<'_>) -> Class {
    if matches!(*head.method, Method::TRACE | Method::CONNECT) {
        return Class::Method;
    }
    if head.headers.contains_key(SERVICE_WORKER) {
        return Class::Worker;
    }
    if !head.path.segments().next().is_some_and(|folder| folder.eq_ignore_ascii_case(OWN_FOLDER)) {
        return Class::Webmail(product.kind(head));
    }
    let own = routes::find(head.path.as_str()).map(|route| route.is);
    if own.is_some_and(|own| !own.is_asset()) && headers::is_no_navigation(head.headers) {
        return Class::Scripted;
    }
    match (own, head.method) {
        (Some(own), &Method::GET | &Method::HEAD) => Class::Read(own),
        (Some(own), &Method::POST) => Class::Post(own),
        _ => Class::Unknown,
    }
}

/// What to do with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Refuse it: the request is invalid.
    BadRequest,
    /// Refuse it: there is no such page.
    NotFound,
    /// Refuse it: not allowed in this stage.
    Forbidden,
    /// Send the style sheet or a script of our pages.
    Asset(PortalRoute),
    /// Change the language.
    Language,
    /// Show one of our pages in this stage.
    Show(PortalRoute),
    /// Process one of our forms in this stage.
    Take(PortalRoute),
    /// Redirect the browser to another path on this host.
    SendTo(&'static str),
    /// Show the page for a session that has ended.
    Ended,
    /// Answer a script, in the webmail's own format, that the session has ended.
    Gone,
    /// Show the webmail's login page, by a request of our own for this target.
    LoginPage(&'static str),
    /// Send a file of the login page, by a request of our own.
    Static,
    /// Process the login form: it is rebuilt and sent, and the response is evaluated.
    SignIn,
    /// Forward it to the webmail, with its session.
    Pass,
    /// An endpoint beside the webmail: it does not matter whether there is a session.
    Endpoint(Endpoint),
}

/// Decides what to do. Only [`Stage::Released`] leads to [`Step::Pass`]. `foreign`: a page of another site sent the
/// request.
pub fn decide(stage: Stage, class: Class, foreign: bool) -> Step {
    if foreign && matches!(class, Class::Post(_) | Class::Webmail(Kind::Login | Kind::Call)) {
        return Step::Forbidden;
    }
    let kind = match class {
        Class::Odd(_) | Class::Method | Class::Worker => return Step::BadRequest,
        Class::Scripted => return Step::Forbidden,
        Class::Unknown => return Step::NotFound,
        Class::Read(own) if own.is_asset() => return Step::Asset(own),
        Class::Post(own) if own.is_asset() => return Step::NotFound,
        Class::Post(PortalRoute::Language) => return Step::Language,
        Class::Read(own) => return read(stage, own.route()),
        Class::Post(own) => return post(stage, own.route()),
        Class::Webmail(kind) => kind,
    };
    match (stage, kind) {
        (_, Kind::Endpoint(endpoint)) => Step::Endpoint(endpoint),
        (_, Kind::Closed) => Step::NotFound,
        (_, Kind::Onward) => Step::Gone,
        (Stage::Anonymous | Stage::Stale | Stage::Released, Kind::Entrance(target)) => Step::SendTo(target),
        (Stage::Released, Kind::Login) => Step::SignIn,
        (Stage::Released, _) => Step::Pass,
        (_, Kind::Background) => Step::Gone,
        (Stage::Anonymous | Stage::Stale, Kind::LoginPage(target)) => Step::LoginPage(target),
        (Stage::Anonymous | Stage::Stale, Kind::Static) => Step::Static,
        (Stage::Anonymous | Stage::Stale, Kind::Login | Kind::Call) => Step::SignIn,
        (_, Kind::Call) => Step::Gone,
        (Stage::Stale, Kind::Navigation) => Step::Ended,
        (_, Kind::Static) => Step::Forbidden,
        (_, Kind::LoginPage(_) | Kind::Login | Kind::Logout | Kind::Navigation | Kind::Entrance(_)) => {
            Step::SendTo(home(stage))
        }
    }
}

/// A request for one of our pages.
fn read(stage: Stage, route: &Route) -> Step {
    match stage {
        _ if route.shown.contains(&stage) => Step::Show(route.is),
        Stage::Stale => Step::Ended,
        _ => Step::SendTo(home(stage)),
    }
}

/// A submission of one of our forms.
fn post(stage: Stage, route: &Route) -> Step {
    match stage {
        _ if route.taken.contains(&stage) => Step::Take(route.is),
        // There is no sign-in to cancel.
        Stage::Anonymous | Stage::Stale if route.is == PortalRoute::Cancel => Step::SendTo(paths::HOME),
        Stage::Anonymous | Stage::Stale => Step::Ended,
        // Submitted twice, or from an outdated page: redirect to the user's current page.
        _ => Step::SendTo(home(stage)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::ROUTES;
    use postern_products::PRODUCTS;

    fn roundcube() -> &'static dyn Product {
        postern_products::named(PRODUCTS, "roundcube").unwrap()
    }

    const STAGES: [Stage; 7] = [
        Stage::Anonymous,
        Stage::Stale,
        Stage::Enrolling,
        Stage::Challenged,
        Stage::Blocked,
        Stage::SavingCodes,
        Stage::Released,
    ];
    const KINDS: [Kind; 11] = [
        Kind::LoginPage("/"),
        Kind::Static,
        Kind::Login,
        Kind::Call,
        Kind::Onward,
        Kind::Logout,
        Kind::Background,
        Kind::Navigation,
        Kind::Entrance("/owa/"),
        Kind::Endpoint(Endpoint::Ews),
        Kind::Closed,
    ];

    fn classes() -> Vec<Class> {
        let own = ROUTES.iter().flat_map(|route| [Class::Read(route.is), Class::Post(route.is)]);
        let rest = [Class::Unknown, Class::Odd(Odd::Hidden), Class::Method, Class::Worker, Class::Scripted];
        own.chain(rest).chain(KINDS.map(Class::Webmail)).collect()
    }

    fn class_of(method: &Method, target: &str) -> Class {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        classify(roundcube(), method, path.as_bytes(), query, &HeaderMap::new()).class
    }

    #[test]
    fn only_a_released_session_reaches_the_webmail_with_its_own_words() {
        for stage in STAGES {
            for class in classes() {
                for foreign in [false, true] {
                    let step = decide(stage, class, foreign);
                    if step == Step::Pass {
                        assert_eq!(stage, Stage::Released, "{class:?}");
                        assert!(matches!(class, Class::Webmail(_)), "{class:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn while_a_code_is_awaited_nothing_goes_upstream() {
        for stage in [Stage::Enrolling, Stage::Challenged, Stage::Blocked, Stage::SavingCodes] {
            for class in classes() {
                let step = decide(stage, class, false);
                let upstream = matches!(step, Step::Pass | Step::LoginPage(_) | Step::Static | Step::SignIn);
                assert!(!upstream, "{stage:?} {class:?} {step:?}");
            }
        }
    }

    #[test]
    fn without_a_session_only_the_login_page_its_files_and_the_login_are_reached() {
        for stage in [Stage::Anonymous, Stage::Stale] {
            let upstream = |class| {
                matches!(decide(stage, class, false), Step::Pass | Step::LoginPage(_) | Step::Static | Step::SignIn)
            };
            let open: Vec<Class> = classes().into_iter().filter(|class| upstream(*class)).collect();
            assert_eq!(open, [Kind::LoginPage("/"), Kind::Static, Kind::Login, Kind::Call].map(Class::Webmail));
        }
    }

    #[test]
    fn a_session_opens_no_endpoint_and_none_is_needed_there() {
        for stage in STAGES {
            let step = |kind| decide(stage, Class::Webmail(kind), false);
            assert_eq!(step(Kind::Endpoint(Endpoint::Ews)), Step::Endpoint(Endpoint::Ews), "{stage:?}");
            assert_eq!(step(Kind::Closed), Step::NotFound, "{stage:?}");
        }
    }

    #[test]
    fn each_page_has_its_stage() {
        for (stage, own) in [
            (Stage::Enrolling, PortalRoute::SetUp),
            (Stage::Challenged, PortalRoute::Code),
            (Stage::Challenged, PortalRoute::BackupCode),
            (Stage::Challenged, PortalRoute::Methods),
            (Stage::Challenged, PortalRoute::Lost),
            (Stage::SavingCodes, PortalRoute::BackupCodes),
        ] {
            // A released session may be at the same step again; see `pending_action.rs`.
            for other in STAGES {
                let shown = decide(other, Class::Read(own), false) == Step::Show(own);
                let again = other == Stage::Released && own != PortalRoute::Lost;
                let blocked = other == Stage::Blocked && matches!(own, PortalRoute::Code | PortalRoute::Lost);
                assert_eq!(shown, other == stage || again || blocked, "{other:?} {own:?}");
            }
        }
        for own in [PortalRoute::Security, PortalRoute::Change, PortalRoute::AppPassword] {
            for stage in STAGES {
                let shown = decide(stage, Class::Read(own), false) == Step::Show(own);
                assert_eq!(shown, stage == Stage::Released, "{stage:?} {own:?}");
                let taken = decide(stage, Class::Post(own), false) == Step::Take(own);
                assert_eq!(taken, stage == Stage::Released, "{stage:?} {own:?}");
            }
        }
        for own in ROUTES.iter().map(|route| route.is) {
            let taken = decide(Stage::Blocked, Class::Post(own), false) == Step::Take(own);
            assert_eq!(
                taken,
                matches!(own, PortalRoute::Lost | PortalRoute::Cancel),
                "who is stuck has no code to answer with: {own:?}"
            );
        }
        assert_eq!(decide(Stage::Challenged, Class::Read(PortalRoute::SetUp), false), Step::SendTo(paths::CODE));
        assert_eq!(decide(Stage::Stale, Class::Post(PortalRoute::Code), false), Step::Ended);
        assert_eq!(decide(Stage::Released, Class::Post(PortalRoute::Lost), false), Step::SendTo("/"));
    }

    #[test]
    fn what_sends_a_code_is_a_form() {
        for stage in STAGES {
            for own in [PortalRoute::Send, PortalRoute::SetUpWith] {
                assert!(!matches!(decide(stage, Class::Read(own), false), Step::Show(_) | Step::Take(_)), "{stage:?}");
                let taken = decide(stage, Class::Post(own), false) == Step::Take(own);
                let begun = matches!(stage, Stage::Enrolling | Stage::Released)
                    || (stage == Stage::Challenged && own == PortalRoute::Send);
                assert_eq!(taken, begun, "{stage:?} {own:?}");
            }
        }
    }

    #[test]
    fn another_site_can_post_nothing() {
        for stage in STAGES {
            for class in classes() {
                let posts = matches!(class, Class::Post(_) | Class::Webmail(Kind::Login | Kind::Call));
                assert_eq!(posts, posts && decide(stage, class, true) == Step::Forbidden, "{stage:?} {class:?}");
            }
        }
    }

    #[test]
    fn a_script_gets_nothing_of_our_pages_but_their_parts() {
        let mut headers = HeaderMap::new();
        headers.insert("sec-fetch-mode", http::HeaderValue::from_static("cors"));
        headers.insert("sec-fetch-dest", http::HeaderValue::from_static("empty"));
        for Route { path, is: own, .. } in ROUTES {
            for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT] {
                let class = classify(roundcube(), &method, path.as_bytes(), "", &headers).class;
                assert_eq!(class == Class::Scripted, !own.is_asset(), "{method} {path} {class:?}");
            }
        }
        for stage in STAGES {
            assert_eq!(decide(stage, Class::Scripted, false), Step::Forbidden, "{stage:?}");
        }
        let page = classify(roundcube(), &Method::GET, b"/", "_task=mail&_remote=1", &headers).class;
        assert!(matches!(page, Class::Webmail(_)), "the webmail's own requests are its own matter: {page:?}");
    }

    #[test]
    fn our_folder_is_never_the_webmails() {
        for target in ["/postern", "/postern/", "/postern/x", "/POSTERN/code", "/Postern/style.css", "/postern/code/"] {
            assert_eq!(class_of(&Method::GET, target), Class::Unknown, "{target}");
        }
        assert_eq!(class_of(&Method::GET, "/postern/code?x=1"), Class::Read(PortalRoute::Code));
        assert_eq!(class_of(&Method::DELETE, "/postern/code"), Class::Unknown);
        assert_eq!(class_of(&Method::GET, "/post%65rn/code"), Class::Read(PortalRoute::Code));
        assert_eq!(class_of(&Method::GET, "/x/..%2fpostern"), Class::Odd(Odd::Hidden));
        assert_eq!(class_of(&Method::TRACE, "/"), Class::Method);
    }
}
