//! Forms-based authentication.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::http::Answer;
use super::request::{Request, escaped};
use super::session::{COOKIES, FORGED, Session, set};
use super::shared::Shared;

/// The version in the addresses of its files.
pub(super) const VERSION: &str = "15.2.1544";
impl Shared {
    /// POST to `auth.owa`, at any path.
    pub(super) fn sign_in(&self, request: &Request) -> Answer {
        let field = |name| request.field(name).unwrap_or_default();
        let destination = field("destination");
        let back = |reason: u8| {
            let to = escaped(&destination);
            Answer::found(format!("{}?url={to}&reason={reason}", logon(request)))
        };
        // The page's script sets it: so the server sees that the browser accepts cookies.
        if request.cookie("PBack").is_none() {
            return back(0);
        }
        let Some(mailbox) = self.owner(&field("username"), &field("password")) else { return back(2) };
        let name = mailbox.name.clone();
        if self.state().expired.contains(&name) {
            return Answer::found("/owa/auth/expiredpassword.aspx?url=/owa/auth.owa");
        }
        let mut state = self.state();
        let session = Session::new(&name, state.sessions.len());
        state.sessions.push(session.clone());
        drop(state);
        let answer = Answer::found(if destination.is_empty() { "/owa/".to_owned() } else { destination });
        COOKIES
            .iter()
            .zip(session.values)
            .fold(answer, |answer, (name, value)| answer.with("Set-Cookie", set(name, &value)))
    }

    /// The session that a request belongs to, and a cookie to be set with the response.
    pub(super) fn session(&self, request: &Request) -> Option<(Session, Option<String>)> {
        let made = request.cookie(COOKIES[0])?;
        if let Some(credentials) = made.strip_prefix(FORGED) {
            let text = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
            let (name, password) = text.split_once(':')?;
            return Some((Session::new(&self.owner(name, password)?.name, usize::MAX), None));
        }
        let mut state = self.state();
        let session = state.sessions.iter_mut().find(|session| session.is_of(request))?;
        let renewed = session.renewed();
        Some((session.clone(), renewed))
    }

    /// Signs out: ends the session, and deletes its cookies.
    pub(super) fn sign_out(&self, session: &Session) -> Answer {
        self.state().sessions.retain(|other| other.values != session.values);
        let gone = |name: &&str| format!("{name}=; expires=Thu, 01-Jan-1970 00:00:00 GMT; path=/; secure; HttpOnly");
        let answer = Answer::found("/owa/auth/logoff.aspx?Cmd=logoff&src=exch");
        COOKIES.iter().map(gone).fold(answer, |answer, cookie| answer.with("Set-Cookie", cookie))
    }

    /// The resources beside the form, which need no session.
    pub(super) fn beside_sign_in(&self, method: &str, rest: &str, request: &Request) -> Answer {
        match rest {
            "auth/logon.aspx" => Answer::page(logon_page(request)),
            "auth/logoff.aspx" | "auth/signout.aspx" => Answer::page(
                "<!DOCTYPE html><title>Outlook</title><p id=\"signedout\">You signed out of your account.</p>",
            ),
            "auth/expiredpassword.aspx" if method == "POST" => self.change_password(request),
            "auth/expiredpassword.aspx" => Answer::page(
                "<!DOCTYPE html><title>Outlook</title><form method=\"POST\"><p>Your password has expired.</p>\
                 <input name=\"username\"><input name=\"oldPwd\" type=\"password\"><input name=\"newPwd1\" type=\"password\">\
                 <input name=\"newPwd2\" type=\"password\"><input type=\"submit\"></form>",
            ),
            _ if rest == format!("auth/{VERSION}/themes/resources/logon.css") => {
                Answer::new(200, "text/css", ".signinbutton { color: #0072c6 }")
            }
            _ => Answer::new(404, "text/html", "404 - File or directory not found."),
        }
    }

    fn change_password(&self, request: &Request) -> Answer {
        let field = |name| request.field(name).unwrap_or_default();
        let Some(mailbox) = self.owner(&field("username"), &field("oldPwd")) else {
            return Answer::page("The user name or password you entered isn't correct.");
        };
        let mut state = self.state();
        state.expired.retain(|name| *name != mailbox.name);
        state.passwords.insert(mailbox.name.clone(), field("newPwd1"));
        Answer::page("Your password has been changed.")
    }
}

/// The address of the logon page in a redirection.
pub(super) fn logon(request: &Request) -> String {
    format!("https://{}/owa/auth/logon.aspx", request.header("host"))
}

fn logon_page(request: &Request) -> String {
    let host = request.header("host");
    let said = match request.parameter("reason").as_deref() {
        Some("1") => "You've successfully signed out.",
        Some("2") => "The user name or password you entered isn't correct. Try entering it again.",
        Some("3") => "Your session has timed out.",
        Some("4") => "Your password has been changed. You can now sign in with your new password.",
        _ => "",
    };
    let destination = request.parameter("url").unwrap_or_else(|| format!("https://{host}/owa/"));
    let destination = destination.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<!DOCTYPE html>\n<html><head><title>Outlook</title>\
         <link rel=\"stylesheet\" href=\"/owa/auth/{VERSION}/themes/resources/logon.css\"></head><body>\n\
         <form action=\"/owa/auth.owa\" method=\"POST\" name=\"logonForm\" ENCTYPE=\"application/x-www-form-urlencoded\" \
         autocomplete=\"off\">\n\
         <input type=\"hidden\" name=\"destination\" value=\"{destination}\">\n\
         <input type=\"hidden\" name=\"flags\" value=\"4\">\n\
         <input type=\"hidden\" name=\"forcedownlevel\" value=\"0\">\n\
         <div id=\"signInErrorDiv\">{said}</div>\n\
         <input id=\"username\" name=\"username\" class=\"signInInputText\">\n\
         <input id=\"password\" name=\"password\" type=\"password\">\n\
         <input id=\"passwordText\" name=\"passwordText\" style=\"display:none\">\n\
         <input type=\"hidden\" name=\"isUtf8\" value=\"1\">\n\
         <div class=\"signinbutton\" onclick=\"clkLgn()\">sign in</div>\n</form>\n\
         <script>\nfunction clkLgn() {{ document.cookie = 'PBack=0; path=/'; document.logonForm.submit(); }}\n\
         document.cookie = 'PBack=0; path=/';\n</script>\n</body></html>\n"
    )
}
