//! The answers to sign-ins that fail: the same words in every protocol, each behind the protocol's own code.

use postern_proxy_config::PublicUrl;
use std::sync::Arc;

/// The answers to sign-ins that fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalText {
    /// For every reason except the following.
    pub refused: Arc<str>,
    /// For an app password that was right once.
    pub expired: Arc<str>,
    /// For a password that has expired, as the backend reports.
    pub password_expired: Arc<str>,
    /// For a sign-in that cannot be judged now.
    pub unavailable: &'static str,
    /// For a mailbox with the maximum number of sessions.
    pub limit: &'static str,
    /// For a mailbox that the backend refuses for a reason that the administrator knows.
    pub contact_admin: &'static str,
}

impl RefusalText {
    /// For users who set up their second factor at `webmail`, if there is one.
    #[must_use]
    pub fn new(webmail: Option<&PublicUrl>) -> Self {
        let place = webmail.map_or_else(|| "the webmail".to_owned(), |url| format!("{}/", url.origin()));
        let refused = format!(
            "Sign-in failed. If your mailbox has a second factor, use an app password, or type the code right behind \
             your password. You set them up at {place}, or ask your administrator."
        );
        let expired = format!(
            "This app password is out of date. If you have changed your password, sign in at {place} once, and it \
             works again; else make a new one."
        );
        let password_expired = format!(
            "The mail server says that your mailbox's password has expired. Change it, or ask your administrator. If \
             you use an app password, sign in at {place} once afterwards."
        );
        Self {
            refused: refused.into(),
            expired: expired.into(),
            password_expired: password_expired.into(),
            unavailable: "Sign-in is not possible right now. Try again later.",
            limit: "Too many connections are open for this mailbox.",
            contact_admin: "The mail server refuses this mailbox. Ask your administrator.",
        }
    }
}
