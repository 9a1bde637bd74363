//! What the dialogues before sign-in share: the options of the front, and the limits of a client that is not signed in.

use crate::refusal_text::RefusalText;
use postern_front::credentials::Credentials;

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

/// What a command leads to, besides the reply.
pub(crate) enum Turn<Tag> {
    /// The next command.
    Read,
    /// TLS.
    StartTls,
    /// A verdict on this sign-in.
    Judge(Tag, Credentials),
    /// The end of the connection.
    Close,
}

/// What a client has sent before it is signed in. At its limit `goodbye` is said, and the connection is to be closed.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    bytes: usize,
    bad: u32,
    failed: u32,
}

impl Counts {
    /// Counts the bytes of a command that has led to `turn`: [`MAX_BYTES`].
    pub(crate) fn bytes<Tag>(&mut self, length: usize, turn: Turn<Tag>, goodbye: &str, say: &mut String) -> Turn<Tag> {
        self.bytes += length;
        match turn {
            Turn::Read => read_or_close(self.bytes <= MAX_BYTES, goodbye, say),
            turn => turn,
        }
    }

    /// Counts an invalid command: [`MAX_BAD`].
    pub(crate) fn bad<Tag>(&mut self, goodbye: &str, say: &mut String) -> Turn<Tag> {
        self.bad += 1;
        read_or_close(self.bad < MAX_BAD, goodbye, say)
    }

    /// Counts a failed sign-in, and returns whether that was the last: [`MAX_FAILED`].
    pub(crate) const fn too_many_failed(&mut self) -> bool {
        self.failed += 1;
        self.failed >= MAX_FAILED
    }
}

fn read_or_close<Tag>(is_within: bool, goodbye: &str, say: &mut String) -> Turn<Tag> {
    if is_within {
        return Turn::Read;
    }
    *say += goodbye;
    Turn::Close
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::protocol::{Listening, Next};
    use crate::verdict::SignInFailure;
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
                        judging.refuse(SignInFailure::Refused)
                    }
                };
            };
        }
        (said, asked, "open")
    }
}
