//! What the dialogues before sign-in share: the options of the front, and the limits of a client that is not signed in.

use crate::refusal_text::RefusalText;

/// Maximum number of bytes of commands that a client may send before it is signed in.
pub const MAX_BYTES: usize = 64 * 1024;
/// The number of invalid commands at which a client's connection is closed.
pub const MAX_BAD: u32 = 3;
/// The number of failed sign-ins at which a client's connection is closed.
pub const MAX_FAILED: u32 = 3;

/// The options of the front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontOptions {
    /// Its answers to sign-ins that fail.
    pub texts: RefusalText,
    /// Whether it accepts the mechanism LOGIN, which only very old clients need.
    pub login_mechanism: bool,
}

/// What a client has sent before it is signed in. Each method counts, and returns whether that is too much.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    bytes: usize,
    bad: u32,
    failed: u32,
}

impl Counts {
    /// Counts the bytes of a command: [`MAX_BYTES`].
    pub(crate) const fn too_long(&mut self, command: &[u8]) -> bool {
        self.bytes += command.len();
        self.bytes > MAX_BYTES
    }

    /// Counts an invalid command: [`MAX_BAD`].
    pub(crate) const fn too_many_bad(&mut self) -> bool {
        self.bad += 1;
        self.bad >= MAX_BAD
    }

    /// Counts a failed sign-in: [`MAX_FAILED`].
    pub(crate) const fn too_many_failed(&mut self) -> bool {
        self.failed += 1;
        self.failed >= MAX_FAILED
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::protocol::{Listening, Next};
    use crate::verdict::Stop;
    use postern_front::credentials::Credentials;
    use postern_proxy_config::PublicUrl;

    pub(crate) fn options(login_mechanism: bool) -> FrontOptions {
        let url = PublicUrl::try_from("https://webmail.example.com/".to_owned()).unwrap();
        FrontOptions { texts: RefusalText::new(Some(&url)), login_mechanism }
    }

    /// All replies and sign-ins of a dialogue in which every sign-in is refused: the state machine never gives a
    /// verdict itself.
    pub(crate) fn talk<'a, L: Listening>(
        mut listening: L,
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> (String, Vec<Credentials>, &'static str) {
        let (mut said, mut asked) = (String::new(), Vec::new());
        for piece in pieces {
            let mut step = listening.receive(piece);
            listening = loop {
                said += std::str::from_utf8(&step.say).unwrap();
                step = match step.next {
                    Next::Read(listening) => break listening,
                    Next::StartTls(_) => return (said, asked, "TLS"),
                    Next::Close => return (said, asked, "closed"),
                    Next::Judge(judging) => {
                        asked.push(judging.credentials.clone());
                        judging.refuse(Stop::Refused)
                    }
                };
            };
        }
        (said, asked, "open")
    }
}
