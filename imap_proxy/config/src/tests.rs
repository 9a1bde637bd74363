use super::*;
use crate::problem::ConfigError;

type Config = super::Config<String, String>;

/// The webmails that the front supports.
pub(crate) const PRODUCTS: &[KnownProduct] =
    &[KnownProduct { name: "roundcube", endpoints: &[] }, KnownProduct { name: "owa", endpoints: &[Endpoint::Ews] }];

const WHOLE: &str = r#"
[daemon]
socket = "/run/postern/auth.sock"
[tls]
cert = "/etc/postern/tls/fullchain.pem"
key = "/etc/postern/tls/key.pem"
[webmail]
listen = "[::]:443"
public_url = "https://webmail.example.com/"
upstream = "http://127.0.0.1:8080/"
product = "roundcube"
"#;

fn problems(text: &str) -> String {
    let problems = Config::parse(text, PRODUCTS).unwrap_err();
    ConfigError::new(Path::new("proxy.toml"), problems).to_string()
}

#[test]
fn the_example_of_the_design_is_read() {
    let config = Config::parse(WHOLE, PRODUCTS).unwrap();
    assert_eq!(config.daemon.socket, Path::new("/run/postern/auth.sock"));
    let Some(Tls::Files(files)) = config.tls else { panic!("{:?}", config.tls) };
    assert_eq!(files.key, Path::new("/etc/postern/tls/key.pem"));
    let webmail = config.webmail.unwrap();
    assert_eq!(webmail.listen, "[::]:443".parse().unwrap());
    assert_eq!(webmail.brand, "webmail.example.com");
    assert_eq!(webmail.product, "roundcube");
    assert!(webmail.proxy_protocol_from.is_empty());
}

#[test]
fn every_key_that_is_known_is_read_and_no_other() {
    let full = format!(
        "{WHOLE}upstream_ca = \"/ca.pem\"\nbrand = \"Example Mail\"\nproxy_protocol_from = [\"10.0.0.0/8\"]\n\
         [imap]\nbackend = \"imaps://mail.internal:993\"\nbackend_ca = \"/ca.pem\"\nproxy_protocol_from = []\n\
         backend_proxy_protocol = true\nmax_sessions = 7\nmax_sessions_per_mailbox = 3\nlisten = \"[::]:993\"\n"
    );
    let Config { webmail, imap, .. } = Config::parse(&full, PRODUCTS).unwrap();
    let (webmail, imap) = (webmail.unwrap(), imap.unwrap());
    assert_eq!((imap.max_sessions.get(), imap.max_sessions_per_mailbox.get()), (7, 3));
    assert!(imap.backend_proxy_protocol && imap.backend_pin.is_none());
    assert_eq!((webmail.brand.as_str(), webmail.proxy_protocol_from.len()), ("Example Mail", 1));
    assert_eq!(webmail.upstream_ca.as_deref(), Some(Path::new("/ca.pem")));
    for (table, keys) in written::KEYS {
        for key in keys {
            // In their table, and in one where they do not belong.
            assert!(
                problems(&format!("[{table}]\n{key}x = 1"))
                    .contains(&format!(":2: unknown key `{key}x` in [{table}]; did you mean"))
            );
            assert!(problems(&format!("{key} = 1")).contains(&format!("proxy.toml:1: unknown key `{key}` at the top")));
        }
    }
}

#[test]
fn a_misspelt_key_is_named_with_its_line_and_the_nearest() {
    let text = WHOLE.replace("upstream =", "upsteam =");
    assert!(problems(&text).contains("proxy.toml:10: unknown key `upsteam` in [webmail]; did you mean `upstream`?"));
    assert!(problems("[webmial]").contains("proxy.toml:1: unknown key `webmial` at the top; did you mean `webmail`?"));
    assert!(problems("[tls]\nzzz = 1").contains("there are cert, key"));
}

#[test]
fn a_wrong_value_is_named_with_its_line() {
    for (right, wrong, said) in [
        (
            "\"[::]:443\"",
            "\"443\"",
            "proxy.toml:8: [webmail] `443` is neither an address with a port nor a Unix socket",
        ),
        (
            "https://webmail",
            "http://webmail",
            "proxy.toml:9: [webmail] `http://webmail.example.com/` does not begin with https://",
        ),
        ("http://127", "127", "proxy.toml:10: [webmail] `127.0.0.1:8080/` is not a URL"),
        (
            "roundcube",
            "squirrel",
            "proxy.toml:11: [webmail] unknown variant `squirrel`, expected one of `roundcube`, `owa`",
        ),
        ("\"/run/postern/auth.sock\"", "7", "proxy.toml:3: [daemon] invalid type"),
        ("[tls]", "[tls", "proxy.toml:4: "),
    ] {
        let told = problems(&WHOLE.replace(right, wrong));
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let told = problems("[webmail]\nlisten = \"[::]:443\"\nbrandt = \"x\"\n");
    assert_eq!(told.lines().count(), 4, "{told}");
    assert!(told.contains("has no `public_url`") && told.contains("did you mean `brand`?"), "{told}");
}

#[test]
fn a_front_needs_a_certificate_and_a_proxy_needs_a_front() {
    let start = WHOLE.find("[tls]").unwrap();
    let end = WHOLE.find("[webmail]").unwrap();
    assert!(problems(&format!("{}{}", &WHOLE[..start], &WHOLE[end..])).contains("there is no [tls]"));
    assert!(problems(&WHOLE.replace("listen", "#")).contains("nothing to do"));
    assert!(problems("").contains("nothing to do"));
    assert!(problems("[tls]\ncert = \"a\"").contains("has a `cert`, but no `key`"));
    assert!(problems("[tls]\nkey = \"a\"").contains("has a `key`, but no `cert`"));
    assert!(problems("[tls]").contains("[tls] is empty"));
}

#[test]
fn an_imap_front_needs_a_backend_and_no_webmail() {
    assert!(Config::parse(WHOLE, PRODUCTS).unwrap().imap.is_none());
    let told = problems(&format!("{WHOLE}[imap]\nlisten = \"[::]:993\"\n"));
    assert!(told.contains("[imap] listens, but has no `backend`"), "{told}");
    let imap = "[imap]\nstarttls_listen = \"[::]:143\"\nbackend = \"imap://127.0.0.1:143\"\n";
    let both = Config::parse(&format!("{WHOLE}{imap}"), PRODUCTS).unwrap().imap.unwrap();
    assert_eq!((both.listen, both.starttls_listen), (None, Some("[::]:143".parse().unwrap())));
    assert_eq!(both.webmail.unwrap().origin(), "https://webmail.example.com");
    let alone = Config::parse(&format!("{}{imap}", &WHOLE[..WHOLE.find("[webmail]").unwrap()]), PRODUCTS).unwrap();
    assert!(alone.webmail.is_none() && alone.imap.unwrap().webmail.is_none());
    assert!(problems(imap).contains("there is no [tls]"));
}

#[test]
fn a_backend_is_trusted_for_one_reason() {
    let pin = format!("backend_pin = \"sha256//{}=\"\n", "A".repeat(43));
    let imap = |rest: &str| format!("{WHOLE}[imap]\nlisten = \"[::]:993\"\n{rest}");
    let remote = "backend = \"imaps://mail.internal\"\n";
    let pinned = Config::parse(&imap(&format!("{remote}{pin}")), PRODUCTS).unwrap().imap.unwrap();
    assert_eq!(pinned.backend_pin.unwrap().to_string(), format!("sha256//{}=", "A".repeat(43)));
    let told = problems(&imap(&format!("{remote}{pin}backend_ca = \"/ca.pem\"\n")));
    assert!(told.contains("has `backend_ca` and `backend_pin`; take one out"), "{told}");
    let told = problems(&imap(&format!("backend = \"imap://127.0.0.1\"\n{pin}")));
    assert!(told.contains("`backend` is without TLS"), "{told}");
    let told = problems(&imap(&format!("{remote}backend_pin = \"AAAA\"\n")));
    assert!(told.contains("proxy.toml:15: [imap] `AAAA` is no pin; write `sha256//`"), "{told}");
    assert!(problems(&imap(&format!("{remote}max_sessions = 0\n"))).contains("proxy.toml:15: [imap] "));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let told = Config::load(Path::new("/nonexistent/proxy.toml"), PRODUCTS).unwrap_err().to_string();
    assert!(told.starts_with("/nonexistent/proxy.toml: cannot be read: No such file") && told.contains("--config"));
}
