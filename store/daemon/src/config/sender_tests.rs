//! Validation of `[sms]` and `[mail]`.

use super::*;
use postern_delivery::config::{MailWay, SmsWay, Smtp, SmtpSecurity, SmtpServer};
use postern_delivery::template::Escape;

const OVH: &str = r#"
[sms]
url = "https://eu.api.ovh.com/1.0/sms/sms-ab12345-1/jobs"
headers = { Content-Type = "application/json" }
body = '{"message":"{text}","receivers":["{number}"],"sender":"Postern","noStopClause":true}'
answer_has = '"invalidReceivers":[]'
host = "webmail.example.com"
[sms.ovh]
application_key = "ak"
application_secret_file = "/etc/postern/ovh.as"
consumer_key_file = "/etc/postern/ovh.ck"
"#;

#[test]
fn what_is_not_there_cannot_be_sent() {
    let config = Config::parse("").unwrap();
    assert_eq!((config.sms, config.mail), (None, None));
}

#[test]
fn a_gateway_is_read() {
    let sms = Config::parse(OVH).unwrap().sms.unwrap();
    assert_eq!((sms.host.as_deref(), sms.daily_budget.get()), (Some("webmail.example.com"), 1000));
    let SmsWay::Gateway(gateway) = sms.way else { panic!("{:?}", sms.way) };
    assert_eq!((gateway.method.as_str(), gateway.body.unwrap().1), ("POST", Escape::Json));
    assert_eq!(gateway.ovh.unwrap().application_key, "ak");
}

#[test]
fn a_command_and_both_ways_of_mail_are_read() {
    let text = "[sms]\ncommand = [\"/usr/bin/gammu-smsd-inject\", \"TEXT\", \"{number}\"]\ndaily_budget = 5\nprefixes = [\"+33\"]\n";
    let sms = Config::parse(text).unwrap().sms.unwrap();
    assert_eq!(sms.prefixes, ["+33"]);
    assert!(matches!(sms.way, SmsWay::Command(command) if command.len() == 3));
    let mail = |text: &str| Config::parse(&format!("[mail]\nfrom = \"Postern <a@example.com>\"\n{text}")).unwrap().mail;
    let sendmail = mail("sendmail = \"/usr/sbin/sendmail\"").unwrap();
    assert_eq!(sendmail.way, MailWay::Sendmail("/usr/sbin/sendmail".into()));
    assert_eq!((sendmail.from.to_string().as_str(), sendmail.daily_budget.get()), ("Postern <a@example.com>", 5000));
    for (url, host, port, security) in [
        ("smtps://mail.example.com", "mail.example.com", 465, SmtpSecurity::Tls),
        ("smtp+starttls://mail.example.com", "mail.example.com", 587, SmtpSecurity::StartTls),
        ("smtp+starttls://[2001:db8::1]:25", "2001:db8::1", 25, SmtpSecurity::StartTls),
        ("smtp://127.0.0.1", "127.0.0.1", 25, SmtpSecurity::Plain),
        ("smtp://[::1]:1025", "::1", 1025, SmtpSecurity::Plain),
        ("smtp://localhost:1025", "localhost", 1025, SmtpSecurity::Plain),
    ] {
        let server = SmtpServer { security, host: host.to_owned(), port };
        let way = MailWay::Smtp(Smtp { server, login: None, ca: None });
        assert_eq!(mail(&format!("smtp = \"{url}\"")).unwrap().way, way);
    }
}

#[test]
fn a_mistake_says_where_it_is() {
    for (text, line, says) in [
        ("\n[sms]\nurll = \"https://a/\"\n", "line 3", "did you mean `url`?"),
        ("\n[sms]\nurl = \"https://a/{phone}\"\n", "line 3", "there are {number}"),
        ("\n[sms]\nmethod = \"PATCH\"\n", "line 3", "GET"),
        ("\n[sms]\ndaily_budget = 0\n", "line 3", "nonzero"),
        ("\n[sms]\nurl = \"https://a/{number}{text}\"\nprefixes = [\"33\"]\n", "line 2", "no number begins"),
        ("\n[sms]\nurl = \"https://a/{number}{text}\"\nprefixes = []\n", "line 2", "no number gets a text"),
        ("\n[sms]\nhost = \"a\"\n", "line 2", "needs a `url` or a `command`"),
        ("\n[mail]\nsmtp = \"smtp://mail.example.com\"\n", "line 3", "in the clear to another host"),
        ("\n[mail]\nsmpt = \"smtp://127.0.0.1\"\n", "line 3", "did you mean `smtp`?"),
        ("\n[mail]\nsendmail = \"/x\"\n", "line 2", "missing field `from`"),
    ] {
        let error = Config::parse(text).unwrap_err();
        assert!(error.contains(line) && error.contains(says), "{error}");
    }
}

#[test]
fn a_request_that_cannot_work_is_refused() {
    const BODY: &str = "body = \"{text} {number}\"";
    for (keys, says) in [
        ("url = \"http://sms.example.com/?{text}{number}\"", "in the clear to another host"),
        ("url = \"ftp://a/?{text}{number}\"", "does not begin with https://"),
        ("url = \"https://{digits}.example.com/{text}\"", "before its path"),
        ("url = \"https://a{number}/{text}\"", "before its path"),
        ("url = \"https://u:p@a/{number}{text}\"", "`user` and `password_file`"),
        ("url = \"a b\"", "is not a URL"),
        ("url = \"https://a/{number}\"", "what would be sent"),
        ("url = \"https://a/{text}\"", "to whom"),
        ("url = \"https://a/{number}\"\nmethod = \"GET\"\nbody = \"{text}\"", "goes with"),
        (&format!("url = \"https://a/\"\n{BODY}"), "needs a Content-Type"),
        (&format!("url = \"https://a/\"\nheaders = {{ Content-Type = \"text/xml\" }}\n{BODY}"), "needs a Content-Type"),
        (&format!("url = \"https://a/\"\nheaders = {{ Content-Type = \"application/json\" }}\n{BODY}"), "is not JSON"),
        ("url = \"https://a/?{text}{number}{TOKEN}\"", "no file for {TOKEN}"),
        ("url = \"https://a/?{text}{number}\"\nheaders = { X-Token = \"{TOKEN}\" }", "no file for {TOKEN}"),
        ("url = \"https://a/?{text}{number}\"\nheaders = { X-Text = \"{text}\" }", "belongs into"),
        ("url = \"https://a/?{text}{number}\"\nheaders = { X-Text = \"a\\nb\" }", "no header can have"),
        ("url = \"https://a/?{text}{number}\"\nheaders = { \"X Text\" = \"\" }", "is no header"),
        ("url = \"https://a/?{text}{number}\"\nheaders = { Host = \"b\" }", "by itself"),
        ("url = \"https://a/?{text}{number}\"\nanswer_has = \"\"", "every answer"),
        ("url = \"https://a/?{text}{number}\"\nuser = \"u\"", "go together"),
        ("url = \"https://a/?{text}{number}\"\ncommand = [\"/x\", \"{number}\"]", "take one out"),
        ("url = \"https://a/?{text}{number}\"\nhost = \"a b\"", "is no host"),
        ("command = [\"send\", \"{number}\"]", "full path"),
        ("command = []", "full path"),
        ("command = [\"/usr/{number}\"]", "full path"),
        ("command = [\"/usr/bin/send\"]", "to whom"),
        ("command = [\"/usr/bin/send\", \"{number}\", \"{text}\"]", "standard input"),
        ("command = [\"/usr/bin/send\", \"{number}\", \"{TOKEN}\"]", "standard input"),
        ("command = [\"/usr/bin/send\", \"{number}\"]\nanswer_has = \"OK\"", "only"),
    ] {
        let error = Config::parse(&format!("[sms]\n{keys}\n")).unwrap_err();
        assert!(error.contains(says), "{keys}\n{error}");
    }
}

#[test]
fn a_mail_that_cannot_leave_is_refused() {
    const FROM: &str = "from = \"a@example.com\"";
    for (keys, says) in [
        (FROM, "needs `smtp` or `sendmail`"),
        (&format!("{FROM}\nsmtp = \"smtp://127.0.0.1\"\nsendmail = \"/x\""), "take one out"),
        (&format!("{FROM}\nsendmail = \"sendmail\""), "full path"),
        (&format!("{FROM}\nsendmail = \"/x\"\nca = \"/y\""), "go with `smtp`"),
        (&format!("{FROM}\nsmtp = \"smtp://127.0.0.1\"\nca = \"/y\""), "without"),
        (&format!("{FROM}\nsmtp = \"smtps://a\"\nuser = \"u\""), "go together"),
        (&format!("{FROM}\nsmtp = \"mail.example.com:25\""), "is not a URL"),
        (&format!("{FROM}\nsmtp = \"imaps://a\""), "begins with none of"),
        (&format!("{FROM}\nsmtp = \"smtps://a/b\""), "more than host and port"),
        (&format!("{FROM}\nsmtp = \"smtps://u:p@a\""), "is not a URL"),
        (&format!("{FROM}\nsmtp = \"smtps://a:x\""), "has no proper port"),
        ("from = \"Postern\"\nsendmail = \"/x\"", "write it like"),
        ("from = \"Post\\nern <a@example.com>\"\nsendmail = \"/x\"", "write it like"),
        ("from = \"Postern <\\\"a b\\\"@example.com>\"\nsendmail = \"/x\"", "write it like"),
    ] {
        let error = Config::parse(&format!("[mail]\n{keys}\n")).unwrap_err();
        assert!(error.contains(says), "{keys}\n{error}");
    }
}

/// In the packaged file, each block that is a section is commented out with `#`, without a space after it.
#[test]
fn the_examples_of_the_packaged_file_are_good() {
    let file = include_str!("../../../../packaging/posternd.toml");
    let examples = file.split("\n\n").filter(|block| block.contains("\n#[sms]\n") || block.contains("\n#[mail]\n"));
    let mut count = 0;
    for example in examples {
        let lines = example.lines().filter_map(|line| line.strip_prefix('#')).filter(|line| !line.starts_with(' '));
        let text = lines.collect::<Vec<_>>().join("\n");
        let config = Config::parse(&text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        assert!(config.sms.is_some() != config.mail.is_some(), "{text}");
        count += 1;
    }
    assert_eq!(count, 6);
    assert!(Config::parse(file).is_ok_and(|config| config.sms.is_none() && config.mail.is_none()));
}
