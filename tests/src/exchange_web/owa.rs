//! Outlook on the web, as far as needed to see whether a user is signed in.

use super::http::{Answer, Line};
use super::request::{Request, escaped};
use super::session::Session;
use super::shared::Shared;
use super::sign_in::logon;

/// The cookie that scripts read, and the header and parameter in which they send it back.
const CANARY: &str = "X-OWA-CANARY";
/// The same for the control panel.
const ECP_CANARY: &str = "msExchEcpCanary";
/// Sent while nothing happens, so that no intermediary treats the connection as dead.
const STILL_THERE: &str = "<script></script>\r\n";

impl Shared {
    /// Everything under `/owa` and `/ecp` that requires a session.
    pub(super) fn in_session(&self, line: &mut Line, method: &str, path: &str, request: &Request) -> Option<()> {
        let Some((session, renewed)) = self.session(request) else { return line.answer(&nobody(method, request)) };
        let answer = match path {
            "/owa/ev.owa2" => return self.events(line, &session, request),
            "/owa/notifications" if request.header("upgrade").eq_ignore_ascii_case("websocket") => return line.echo(),
            "/owa/service.svc/s/getfileattachment" if has_canary(&session, request) => {
                return line.long(request.parameter("bytes").and_then(|bytes| bytes.parse().ok()).unwrap_or(0));
            }
            _ => self.page(method, path, &session, request),
        };
        line.answer(&renewed.into_iter().fold(answer, |answer, cookie| answer.with("Set-Cookie", cookie)))
    }

    fn page(&self, method: &str, path: &str, session: &Session, request: &Request) -> Answer {
        if self.state().unopened.contains(&session.mailbox) {
            return match (method, path) {
                ("POST", "/owa/lang.owa") => {
                    self.state().unopened.retain(|name| *name != session.mailbox);
                    Answer::found("/owa/")
                }
                (_, "/owa/languageselection.aspx") => {
                    Answer::page("<form id=\"language\" action=\"/owa/lang.owa\" method=\"POST\"></form>")
                }
                _ => Answer::found("/owa/languageselection.aspx?url=%2fowa%2f"),
            };
        }
        match path {
            "/owa/logoff.owa" => self.sign_out(session),
            "/owa" | "/owa/" => with_canary(Answer::page(PAGE), CANARY, session, request),
            "/owa/service.svc" if has_canary(session, request) => self.action(session, request),
            "/owa/sessiondata.ashx" if has_canary(session, request) => {
                json(format!(r#"{{"findFolders":{{}},"owaUserConfig":{}}}"#, settings(&session.mailbox)))
            }
            // The response to a request without the canary.
            "/owa/service.svc" | "/owa/service.svc/s/getfileattachment" | "/owa/sessiondata.ashx" => {
                Answer::new(449, "text/html", "")
            }
            "/ecp" | "/ecp/" => {
                with_canary(Answer::page("<title>Exchange admin center</title>"), ECP_CANARY, session, request)
            }
            _ => Answer::new(404, "text/html", "404 - File or directory not found."),
        }
    }

    fn action(&self, session: &Session, request: &Request) -> Answer {
        let name = &session.mailbox;
        let body = match request.parameter("action").as_deref() {
            Some("GetOwaUserConfiguration") if self.state().reticent => return Answer::new(500, "text/html", ""),
            Some("GetOwaUserConfiguration") => settings(name),
            Some("FindConversation") => {
                let found = self.mailboxes.iter().find(|mailbox| mailbox.name == *name);
                let topic = found.map(|mailbox| mailbox.private_subject()).unwrap_or_default();
                format!(
                    r#"{{"Body":{{"ResponseCode":"NoError","Conversations":[{{"ConversationTopic":"{topic}"}}]}}}}"#
                )
            }
            Some("CreateAttachmentFromLocalFile") => format!(r#"{{"Body":{{"Size":{}}}}}"#, request.length),
            _ => r#"{"Body":{"ResponseCode":"NoError"}}"#.to_owned(),
        };
        json(body)
    }

    /// Waits for news, and sends it at once.
    fn events(&self, line: &mut Line, session: &Session, request: &Request) -> Option<()> {
        if request.parameter("ev").as_deref() != Some("PendingNotificationRequest") {
            return line.answer(&Answer::new(200, "text/plain", ""));
        }
        if !has_canary(session, request) {
            return line.answer(&Answer::new(449, "text/html", ""));
        }
        let seen = self.seen(&session.mailbox);
        line.begin("text/html; charset=utf-8")?;
        line.piece(STILL_THERE)?;
        let subject = self.wait_for_news(&session.mailbox, seen)?;
        line.piece(&format!("<script>[{{\"id\":\"NewMailNotification\",\"Subject\":\"{subject}\"}}]</script>\r\n"))?;
        line.piece("")
    }
}

fn json(body: String) -> Answer {
    Answer::new(200, "application/json; charset=utf-8", body)
}

/// The settings that its script begins with. The signature imitates another user's.
fn settings(name: &str) -> String {
    format!(
        r#"{{"__type":"OwaUserConfiguration:#Exchange","UserOptions":{{"SignatureText":"\"LogonEmailAddress\":\"eve@example.com\""}},"SessionSettings":{{"__type":"SessionSettingsType:#Exchange","UserDisplayName":"{name}","UserEmailAddress":"{name}","LogonEmailAddress":"{name}"}}}}"#
    )
}

/// Without a session: GET is redirected to the form, except for requests of scripts; everything else is answered with
/// the end of the session.
fn nobody(method: &str, request: &Request) -> Answer {
    let by_script =
        request.header("x-requested-with") == "XMLHttpRequest" || request.query().contains("ns=PendingRequest");
    if method == "GET" && !by_script && !request.target.to_lowercase().contains("service.svc") {
        let url = format!("https://{}{}", request.header("host"), request.target);
        return Answer::found(format!("{}?url={}&reason=0", logon(request), escaped(&url)));
    }
    let body = "<HTML><SCRIPT>if (parent.navbar != null) parent.location = self.location;else self.location = \
                self.location;</SCRIPT><BODY>440 Login Timeout</BODY></HTML>";
    Answer::new(440, "text/html", body)
}

fn has_canary(session: &Session, request: &Request) -> bool {
    let brought = request.parameter(CANARY).unwrap_or_else(|| request.header(CANARY).to_owned());
    brought == session.canary && request.cookie(CANARY) == Some(&session.canary)
}

/// Sets the cookie if it is missing.
fn with_canary(answer: Answer, name: &'static str, session: &Session, request: &Request) -> Answer {
    if request.cookie(name) == Some(&session.canary) {
        return answer;
    }
    answer.with("Set-Cookie", format!("{name}={}; path=/; secure", session.canary))
}

/// The page: the user's name, the messages, and new ones as they arrive. All of it is requested by script.
const PAGE: &str = r#"<!DOCTYPE html>
<html><head><title>Mail - Outlook</title></head><body>
<h1 id="user"></h1><ul id="mail"></ul><p id="news"></p><a id="signout" href="/owa/logoff.owa">Sign out</a>
<script>
const canary = (document.cookie.match(/X-OWA-CANARY=([^;]+)/) || [])[1] || '';
function call(action) {
  return fetch('/owa/service.svc?action=' + action, { method: 'POST', body: '{}', headers: {
    'Action': action, 'X-OWA-CANARY': canary, 'X-Requested-With': 'XMLHttpRequest' } })
    .then(answer => { if (answer.status === 440) { location = '/owa/auth/logon.aspx?replaceCurrent=1&reason=3'; }
      return answer.json(); });
}
function poll() {
  fetch('/owa/ev.owa2?ns=PendingRequest&ev=PendingNotificationRequest&UA=0&cid=1&X-OWA-CANARY=' + canary)
    .then(answer => answer.text())
    .then(text => { const found = text.match(/"Subject":"([^"]*)"/);
      if (found) { document.getElementById('news').textContent = found[1]; poll(); } });
}
call('GetOwaUserConfiguration').then(said =>
  document.getElementById('user').textContent = said.SessionSettings.UserEmailAddress);
call('FindConversation').then(said => said.Body.Conversations.forEach(found => {
  const item = document.createElement('li'); item.textContent = found.ConversationTopic;
  document.getElementById('mail').append(item); }));
poll();
</script></body></html>
"#;
