//! The endpoints beside Outlook on the web, which require only the password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::http::{Answer, Line};
use super::request::Request;
use super::shared::Shared;

/// Their folders.
pub const ENDPOINTS: [&str; 8] =
    ["EWS", "Microsoft-Server-ActiveSync", "mapi", "rpc", "OAB", "Autodiscover", "PowerShell", "api"];
/// A path in each that gives access to something.
pub const PUBLIC: [&str; 8] = [
    "/EWS/Exchange.asmx",
    "/Microsoft-Server-ActiveSync?User=alice&DeviceId=1&DeviceType=phone&Cmd=Sync",
    "/mapi/emsmdb?MailboxId=1",
    "/rpc/rpcproxy.dll?mail.example.com:6001",
    "/OAB/1/oab.xml",
    "/Autodiscover/Autodiscover.xml",
    "/PowerShell",
    "/api/v2.0/me/messages",
];
/// The commands that ActiveSync supports.
const COMMANDS: &str = "Sync,SendMail,SmartForward,SmartReply,GetAttachment,GetHierarchy,CreateCollection,\
                        DeleteCollection,MoveCollection,FolderSync,FolderCreate,FolderDelete,FolderUpdate,MoveItems,\
                        GetItemEstimate,MeetingResponse,Search,Settings,Ping,ItemOperations,Provision,ResolveRecipients,\
                        ValidateCert";
const VERSIONS: &str = "2.0,2.1,2.5,12.0,12.1,14.0,14.1,16.0,16.1";

impl Shared {
    /// Serves a request to an endpoint.
    pub(super) fn endpoint(&self, line: &mut Line, method: &str, folder: &str, request: &Request) -> Option<()> {
        let takes_basic = !self.state().without_basic.iter().any(|it| it.eq_ignore_ascii_case(folder));
        let Some(mailbox) = self.opened_by(line, request, takes_basic) else {
            return line.answer(&challenge(request, takes_basic));
        };
        if folder == "microsoft-server-activesync" {
            return self.active_sync(line, method, &mailbox, request);
        }
        let subject = self.mailboxes.iter().find(|it| it.name == mailbox).map(|it| it.private_subject());
        let body = format!("<answer mailbox=\"{mailbox}\">{}</answer>", subject.unwrap_or_default());
        let answer = Answer::new(200, "text/xml; charset=utf-8", body);
        let answer = answer.with("Set-Cookie", "X-BackEndCookie=S-1-5-21=abc; path=/; secure; HttpOnly");
        line.answer(&match folder {
            "mapi" => answer.with("Set-Cookie", "MapiContext=MAPIAAAA=; path=/mapi/emsmdb"),
            _ => answer,
        })
    }

    fn active_sync(&self, line: &mut Line, method: &str, mailbox: &str, request: &Request) -> Option<()> {
        let command = request.parameter("Cmd");
        let answer = match (method, command.as_deref()) {
            ("OPTIONS", _) => Answer::new(200, "application/vnd.ms-sync.wbxml", "").with("Allow", "OPTIONS,POST"),
            ("POST", Some("Ping")) => {
                let seen = self.seen(mailbox);
                self.wait_for_news(mailbox, seen)?;
                // WBXML: a Ping with status 2, changes occurred (MS-ASCMD 2.2.1.13).
                Answer::new(
                    200,
                    "application/vnd.ms-sync.wbxml",
                    b"\x03\x01\x6a\x00\x00\x0d\x45\x47\x03\x32\x00\x01\x01",
                )
            }
            ("POST", Some("Sync")) => {
                let subject = self.mailboxes.iter().find(|it| it.name == mailbox).map(|it| it.private_subject());
                let mut body = b"\x03\x01\x6a\x00\x45\x5c\x4f\x03".to_vec();
                body.extend(subject.unwrap_or_default().bytes());
                body.extend(b"\x00\x01\x01\x01");
                Answer::new(200, "application/vnd.ms-sync.wbxml", body)
            }
            _ => Answer::new(501, "text/plain", ""),
        };
        let answer = answer.with("MS-Server-ActiveSync", "15.2").with("MS-ASProtocolVersions", VERSIONS);
        line.answer(&answer.with("MS-ASProtocolCommands", COMMANDS))
    }

    /// By Basic for this request; by NTLM and Negotiate for the whole connection, as in IIS. Of their three messages
    /// one is enough here: a name and a password in base64.
    fn opened_by(&self, line: &mut Line, request: &Request, takes_basic: bool) -> Option<String> {
        let (scheme, credentials) = request.header("authorization").split_once(' ').unwrap_or_default();
        let credentials = STANDARD.decode(credentials.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let credentials = credentials.unwrap_or_default();
        let (name, password) = credentials.split_once(':').unwrap_or_default();
        let owner = self.owner(name, password).map(|mailbox| mailbox.name.clone());
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => owner.filter(|_| takes_basic),
            "ntlm" | "negotiate" => {
                line.owner = owner;
                line.owner.clone()
            }
            _ => line.owner.clone().or_else(|| Some(self.session(request)?.0.mailbox)),
        }
    }
}

fn challenge(request: &Request, takes_basic: bool) -> Answer {
    let answer = Answer::new(401, "text/html", "401 - Unauthorized");
    let answer = answer.with("WWW-Authenticate", "Negotiate").with("WWW-Authenticate", "NTLM");
    if !takes_basic {
        return answer;
    }
    answer.with("WWW-Authenticate", format!("Basic realm=\"{}\"", request.header("host")))
}
