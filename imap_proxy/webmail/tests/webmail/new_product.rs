//! A webmail that the front has never heard of: one file that implements the trait, and one line in a registry.

use crate::front::*;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use jiff::Timestamp;
use postern_products::form::{self, Form};
use postern_products::jar::{Cookie, Jar};
use postern_products::product::{Head, Kind, Life, Login, Product, Rebuilt, Reply, SignIn, between, typed_name};
use postern_products::{PRODUCTS, Registered};
use zeroize::Zeroizing;

/// Its login page and its form lie elsewhere and look otherwise than those of the products that are known. Behind it is the
/// webmail of the other tests.
struct Stub;

/// The registry, with one more line.
fn registry() -> Vec<Registered> {
    let mut registry = PRODUCTS.to_vec();
    registry.push(("stub", &Stub));
    registry
}

impl Product for Stub {
    fn kind(&self, head: &Head<'_>) -> Kind {
        match (head.path.as_str(), head.method) {
            ("/", _) => Kind::Entrance("/mail/enter"),
            ("/mail/enter", &Method::POST) => Kind::Login,
            ("/mail/enter", _) => Kind::LoginPage("/"),
            ("/mail/leave", _) => Kind::Logout,
            _ => Kind::Navigation,
        }
    }

    fn is_destination(&self, _head: &Head<'_>) -> bool {
        false
    }

    fn login_page(&self) -> &'static str {
        "/"
    }

    fn read_login(&self, form: &Form) -> Option<Login> {
        let name = typed_name(form.field("who")?)?.to_owned();
        Some(Login { name, password: form.field("word")?.into(), extras: Vec::new() })
    }

    fn rebuild(&self, page: &str, login: &Login) -> Option<Rebuilt> {
        let token = between(page, "name=\"_token\" value=\"", "\"")?;
        let (name, password) = (login.name.as_str(), login.password.reveal());
        let fields = [("_action", "login"), ("_token", token), ("_user", name), ("_pass", password)];
        Some(Rebuilt { target: "/", body: Zeroizing::new(form::write(&fields)) })
    }

    fn judge(&self, status: StatusCode, _headers: &HeaderMap, _set: &[Cookie]) -> SignIn {
        match status {
            StatusCode::FOUND => SignIn::Accepted { landing: "/mail/".to_owned(), logout: None },
            _ => SignIn::Refused,
        }
    }

    fn identity_page(&self) -> &'static str {
        "/mail/"
    }

    fn identity(&self, page: &str) -> Option<String> {
        between(page, "username\">", "<").map(str::to_owned)
    }

    fn life(&self, kind: Kind, _jar: &Jar, _set: &[Cookie], _now: Timestamp) -> Life {
        if kind == Kind::Logout { Life::SignedOut } else { Life::On }
    }

    fn gone(&self, _head: &Head<'_>) -> Reply {
        Reply { status: StatusCode::UNAUTHORIZED, content_type: "text/plain", body: "gone".to_owned() }
    }

    fn ended_page(&self) -> &'static str {
        "/mail/enter"
    }

    fn request_headers(&self) -> &'static [&'static str] {
        &[]
    }

    fn client_cookies(&self) -> &'static [&'static str] {
        &[]
    }

    fn own_headers(&self) -> &'static [(HeaderName, &'static str)] {
        &[]
    }
}

#[tokio::test]
async fn a_product_is_one_file_and_one_line() {
    let registry = registry();
    assert!(
        postern_products::known(&registry).iter().any(|known| known.name == "stub"),
        "the configuration may name it"
    );
    let world = World::start_with("stub", postern_products::named(&registry, "stub").unwrap()).await;
    world.daemon.on("Ask", CHALLENGE);
    let mut browser = world.browser();
    browser.get("/mail/enter").await.shows(200, "task-login");
    // The form of the other products is none here.
    browser.post("/mail/enter", &[("_user", ALICE), ("_pass", "right")]).await.shows(400, "");
    browser.post("/mail/enter", &[("who", ALICE), ("word", "wrong")]).await.shows(401, "Login failed");
    browser.post("/mail/enter", &[("who", ALICE), ("word", "right")]).await.leads_to("/postern/code");
    world.daemon.on("Answer", ACCEPTED);
    browser.post("/postern/code", &[("code", "123456")]).await.leads_to("/mail/");
    browser.get("/mail/").await.shows(200, "mailbox");
    browser.get("/mail/leave").await;
    browser.get("/mail/").await.leads_to("/");
}
