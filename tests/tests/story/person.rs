//! A person at a browser.

use super::visitor::between;
use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use postern_tests::browser::{Browser, Look};
use postern_tests::mailboxes::Mailbox;
use postern_tests::{World, tools, wait};
use serde_json::{Value, json};

/// Roundcube's sign-in form, and where it puts the name of who is signed in.
pub(crate) const USER: &str = "#rcmloginuser";
pub(crate) const PASSWORD: &str = "#rcmloginpwd";
const SUBMIT: &str = "#rcmloginsubmit";
pub(crate) const SIGNED_IN: &str = ".header-title.username";
const SUBJECTS: &str = "#messagelist td.subject .subject a";
const SIGN_OUT: &str = "#taskmenu a.logout";
/// The cookies of ours that a browser with a session has.
pub(crate) const COOKIES: [&str; 3] = ["__Host-postern", "__Host-postern-browser", "__Host-postern-login"];
/// What only the set-up page has.
pub(crate) const QR: &str = "svg.qr";

/// See the module.
pub(crate) struct Person {
    pub(crate) browser: Browser,
    home: String,
    /// What the browser asks for.
    pub(crate) language: &'static str,
}

impl Person {
    pub(crate) async fn at(world: &World, look: Look) -> Person {
        let browser = Browser::open(look, &world.certificates).await.unwrap();
        Person { browser, home: world.files.webmail_url(), language: look.language }
    }

    /// The same, who has opened the webmail and signed in with the password.
    pub(crate) async fn signed_in(world: &World, look: Look, mailbox: &Mailbox) -> Person {
        let person = Person::at(world, look).await;
        person.signs_in(mailbox).await;
        person
    }

    /// The same, who reaches the front by another port.
    pub(crate) async fn over(world: &World, look: Look, port: u16) -> Person {
        let home = world.files.webmail_url();
        let at = home.rsplit(':').next().unwrap().trim_end_matches('/').parse().unwrap();
        let browser = Browser::open_over(look, &world.certificates, at, port).await.unwrap();
        Person { browser, home, language: look.language }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.browser.client
    }

    pub(crate) async fn goes_to(&self, path: &str) {
        self.client().goto(&format!("{}{}", self.home.trim_end_matches('/'), path)).await.unwrap();
    }

    /// Waits for an element.
    pub(crate) async fn sees(&self, css: &str) -> Element {
        match self.client().wait().at_most(wait::DEADLINE).for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!("no {css} ({error}) on this page:\n{}", self.client().source().await.unwrap()),
        }
    }

    pub(crate) async fn does_not_see(&self, css: &str) {
        assert!(self.client().find(Locator::Css(css)).await.is_err(), "{css} is on the page");
    }

    /// What stands there, also where it is folded away.
    pub(crate) async fn reads(&self, css: &str) -> String {
        let element = self.sees(css).await;
        match element.text().await.unwrap() {
            folded if folded.is_empty() => element.prop("textContent").await.unwrap().unwrap_or_default(),
            shown => shown,
        }
    }

    /// Clicks what changes the page that it is on.
    pub(crate) async fn clicks(&self, css: &str) {
        self.sees(css).await.click().await.unwrap();
    }

    pub(crate) async fn types(&self, css: &str, text: &str) {
        self.sees(css).await.send_keys(text).await.unwrap();
    }

    /// Clicks what leads to another page, and waits for it.
    pub(crate) async fn follows(&self, css: &str) {
        self.leaves_by(self.clicks(css)).await;
    }

    /// Does what leads to another page, and waits for it: until then the browser shows the old one.
    pub(crate) async fn leaves_by(&self, act: impl Future<Output = ()>) {
        self.client().execute("window.old = true", vec![]).await.unwrap();
        act.await;
        let arrived = "return !window.old && document.readyState === 'complete'";
        for _ in 0..wait::DEADLINE.as_millis() / wait::POLL.as_millis() {
            // Between two pages there may be none to ask.
            if self.client().execute(arrived, vec![]).await.is_ok_and(|arrived| arrived == true) {
                return;
            }
            tokio::time::sleep(wait::POLL).await;
        }
        panic!("no other page came");
    }

    pub(crate) async fn is_at(&self, path: &str) {
        let here = self.client().current_url().await.unwrap();
        assert_eq!(here.path(), path, "{}", self.client().source().await.unwrap());
    }

    /// Opens the webmail and signs in with the password.
    pub(crate) async fn signs_in(&self, mailbox: &Mailbox) {
        self.signs_in_at("/", mailbox).await;
    }

    /// The same at another address, that of a link.
    pub(crate) async fn signs_in_at(&self, path: &str, mailbox: &Mailbox) {
        self.types_password(path, mailbox).await;
        self.follows(SUBMIT).await;
    }

    /// Fills in the webmail's form at `path`.
    pub(crate) async fn types_password(&self, path: &str, mailbox: &Mailbox) {
        self.goes_to(path).await;
        self.types(USER, &mailbox.name).await;
        self.types(PASSWORD, &mailbox.password).await;
    }

    /// The page's source.
    pub(crate) async fn source(&self) -> String {
        self.client().source().await.unwrap()
    }

    /// The secret that the set-up page offers.
    pub(crate) async fn offered_secret(&self, world: &mut World) -> String {
        self.sees(QR).await;
        let secret = between(&self.source().await, "secret=", "&").unwrap().to_owned();
        world.plant(&secret);
        secret
    }

    /// The same, by the phone's camera, from a picture that is kept by this name.
    pub(crate) async fn photographs_secret(&self, world: &mut World, picture: &str) -> String {
        self.is_at("/postern/set-up").await;
        self.sees(QR).await;
        let uri = tools::zbar(&self.browser.screenshot(picture).await.unwrap()).unwrap();
        assert!(uri.starts_with("otpauth://totp/"), "{uri}");
        let secret = between(&uri, "secret=", "&").unwrap().to_owned();
        world.plant(&secret);
        secret
    }

    /// Confirms that the backup codes are saved, and goes on.
    pub(crate) async fn saves_codes(&self) {
        self.is_at("/postern/backup-codes").await;
        self.clicks("#saved").await;
        self.follows("form.saved button.main").await;
    }

    /// Enables security keys in the browser.
    pub(crate) async fn knows_keys(&self) {
        self.browser.devtools("WebAuthn.enable", json!({})).await.unwrap();
    }

    /// Plugs in a virtual security key that speaks `protocol`: its name in the browser.
    pub(crate) async fn plugs_in(&self, protocol: &str) -> Value {
        self.knows_keys().await;
        let options = json!({ "protocol": protocol, "transport": "usb", "automaticPresenceSimulation": true });
        let added = self.browser.devtools("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
        added.unwrap()["authenticatorId"].clone()
    }

    /// The open page of the webmail looks for new mail, hears that the session is over, and shows the sign-in form.
    pub(crate) async fn is_sent_out(&self) {
        let refresh = async { drop(self.client().execute("rcmail.refresh()", vec![]).await.unwrap()) };
        self.leaves_by(refresh).await;
        self.sees(USER).await;
    }

    /// The names of the browser's cookies, sorted.
    pub(crate) async fn cookies(&self) -> Vec<String> {
        let cookies = self.client().get_all_cookies().await.unwrap();
        let mut names: Vec<String> = cookies.iter().map(|cookie| cookie.name().to_owned()).collect();
        names.sort_unstable();
        names
    }

    /// Types a code and sends it.
    pub(crate) async fn answers(&self, code: &str) {
        self.types("#code", code).await;
        self.follows("button.main").await;
    }

    /// Sees the list of messages of this mailbox.
    pub(crate) async fn is_in(&self, mailbox: &Mailbox) {
        let name = self.sees(SIGNED_IN).await.prop("textContent").await.unwrap();
        assert_eq!(name.as_deref(), Some(mailbox.name.as_str()));
        self.sees(SUBJECTS).await;
        let mut subjects = Vec::new();
        for subject in self.client().find_all(Locator::Css(SUBJECTS)).await.unwrap() {
            subjects.push(subject.text().await.unwrap());
        }
        assert!(subjects.contains(&mailbox.private_subject()), "{subjects:?}");
    }

    /// Opens the message with this subject: what stands in it.
    pub(crate) async fn opens(&self, subject: &str) -> String {
        for found in self.client().find_all(Locator::Css(SUBJECTS)).await.unwrap() {
            if found.text().await.unwrap() == subject {
                found.click().await.unwrap();
                break;
            }
        }
        self.sees("#messagecontframe").await.enter_frame().await.unwrap();
        let (shown, body) = (self.reads("h2.subject").await, self.reads("#messagebody").await);
        self.client().enter_parent_frame().await.unwrap();
        assert!(shown.contains(subject), "{shown}");
        body
    }

    /// Answers with a code that is right, and sees the mail.
    pub(crate) async fn gets_in(&self, code: &str, mailbox: &Mailbox) {
        self.answers(code).await;
        self.is_in(mailbox).await;
    }

    pub(crate) async fn signs_out(&self) {
        self.follows(SIGN_OUT).await;
        self.sees(USER).await;
    }

    /// The QR code as it is drawn.
    pub(crate) async fn qr(&self) -> String {
        self.sees(QR).await.html(false).await.unwrap()
    }
}
