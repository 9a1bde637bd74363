//! Commands before sign-in, compared with imap-codec, an independent implementation of the grammar: what both can parse
//! has the same meaning for both, above all the name and the password; and what is parsed here can be expressed in the
//! grammar.
//!
//! What imap-codec accepts may be refused here:
//! * a tag of more than 64 bytes (`MAX_TAG`), and an ID of more than 60 strings;
//! * a name or a password that [`Credentials`] does not accept: empty, too long, or with control characters;
//! * `AUTHENTICATE PLAIN` with a different authorization identity, or with an empty message;
//! * every command that is not allowed before sign-in.
//!
//! What imap-codec refuses may be accepted here, because real clients send it:
//! * a line that ends with LF only;
//! * `LOGIN DOMAIN\user pw`: an unquoted word may contain any bytes except spaces and line ends;
//! * `"DOMAIN\user"`: a backslash before any character except a quote or a backslash is an ordinary character;
//! * UTF-8 and other bytes beyond ASCII in words and quoted strings;
//! * an ID whose list contains unquoted words, lacks spaces, or has spaces at its end;
//! * `AUTHENTICATE` with anything after a mechanism that is refused anyway.
#![no_main]

use imap_codec::decode::Decoder;
use imap_codec::imap_types::auth::{AuthMechanism, AuthenticateData};
use imap_codec::imap_types::command::CommandBody;
use imap_codec::imap_types::core::{IString, NString};
use imap_codec::{AuthenticateDataCodec, CommandCodec};
use libfuzzer_sys::fuzz_target;
use postern_mail::imap::command::{Bad, MAX_CLIENT, MAX_TAG, Verb, parse};
use postern_mail::sasl;
use postern_front::credentials::Credentials;
use postern_mail::imap::splitter::{Split, Splitter};

/// Maximum number of strings in an ID (RFC 2971, section 3.3).
const MAX_ID_STRINGS: usize = 60;

/// imap-codec's result for a whole message, if it can parse all of it.
fn oracle(message: &[u8]) -> Option<(String, CommandBody<'_>)> {
    let (rest, command) = CommandCodec::default().decode(message).ok()?;
    rest.is_empty().then(|| (command.tag.inner().to_owned(), command.body))
}

/// RFC 4616, implemented a second time.
fn plain(message: &[u8]) -> Option<Credentials> {
    let parts: Vec<&[u8]> = message.split(|byte| *byte == 0).collect();
    let [authorise, name, password] = parts[..] else { return None };
    if authorise.is_empty() || authorise == name { Credentials::new(name, password) } else { None }
}

/// The client's ID parameters.
fn client(parameters: &[(IString<'_>, NString<'_>)]) -> String {
    let value = |wanted: &[u8]| {
        let (_, value) = parameters.iter().find(|(name, _)| name.as_ref().eq_ignore_ascii_case(wanted))?;
        std::str::from_utf8(value.0.as_ref()?.as_ref()).ok().filter(|text| !text.is_empty())
    };
    let words: Vec<&str> = [value(b"name"), value(b"version")].into_iter().flatten().collect();
    words.join(" ").chars().filter(|letter| !letter.is_control()).take(MAX_CLIENT).collect()
}

/// The expected result here where imap-codec's result is `body`.
fn expected(body: &CommandBody<'_>) -> Result<Verb, Bad> {
    match body {
        CommandBody::Capability => Ok(Verb::Capability),
        CommandBody::Noop => Ok(Verb::Noop),
        CommandBody::Logout => Ok(Verb::Logout),
        CommandBody::StartTLS => Ok(Verb::StartTls),
        CommandBody::Id { parameters: None } => Ok(Verb::Id(None)),
        CommandBody::Id { parameters: Some(list) } if list.len() * 2 > MAX_ID_STRINGS => Err(Bad),
        CommandBody::Id { parameters: Some(list) } => Ok(Verb::Id(Some(client(list)))),
        CommandBody::Login { username, password } => {
            Credentials::new(username.as_ref(), password.declassify().as_ref()).map(Verb::Login).ok_or(Bad)
        }
        CommandBody::Authenticate { mechanism: AuthMechanism::Plain, initial_response: None } => Ok(Verb::Plain(None)),
        CommandBody::Authenticate { mechanism: AuthMechanism::Plain, initial_response: Some(message) } => {
            plain(message.declassify()).map(|credentials| Verb::Plain(Some(credentials))).ok_or(Bad)
        }
        CommandBody::Authenticate { mechanism: AuthMechanism::Login, initial_response: None } => Ok(Verb::LoginMechanism),
        CommandBody::Authenticate { .. } => Ok(Verb::OtherMechanism),
        _ => Err(Bad),
    }
}

/// A login that is accepted here has the same meaning for imap-codec when it is written with literals.
fn check_said_again(credentials: &Credentials) {
    let (name, password) = (credentials.name(), credentials.password());
    let login = format!("a LOGIN {{{}+}}\r\n{name} {{{}+}}\r\n", name.len(), password.len());
    let message = [login.as_bytes(), password, b"\r\n"].concat();
    let Some((_, body)) = oracle(&message) else { panic!("{}", message.escape_ascii()) };
    assert_eq!(expected(&body), Ok(Verb::Login(credentials.clone())));
}

fuzz_target!(|bytes: &[u8]| {
    let mut splitter = Splitter::default();
    splitter.push(bytes);
    loop {
        let message = match splitter.command() {
            Split::Whole(message) => message,
            Split::Invite => continue,
            Split::Incomplete | Split::TooLong { .. } => break,
        };
        let (tag, verb) = parse(&message);
        if let Ok(Verb::Login(credentials) | Verb::Plain(Some(credentials))) = &verb {
            check_said_again(credentials);
        }
        if let Some((name, body)) = oracle(&message) {
            let shown = message.escape_ascii();
            if name.len() > MAX_TAG {
                assert_eq!((tag, verb), (None, Err(Bad)), "{shown}");
            } else {
                assert_eq!(tag.map(|tag| tag.to_string()).as_ref(), Some(&name), "{shown}");
                assert_eq!(verb, expected(&body), "{shown}");
            }
        }
        if let Ok((b"", AuthenticateData::Continue(answer))) = AuthenticateDataCodec::default().decode(&message) {
            assert_eq!(sasl::plain(message.trim_ascii_end()), plain(answer.declassify()), "{}", message.escape_ascii());
        }
    }
});
