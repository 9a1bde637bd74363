//! The sections `[sms]` and `[mail]` of posternd.toml.

mod login;
mod mail;
mod sms;

pub use login::Login;
pub use mail::{Mail, MailWay, Smtp, SmtpSecurity, SmtpServer};
pub use sms::{Gateway, Ovh, Sms, SmsWay};
