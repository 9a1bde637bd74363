//! Labels: they distinguish the lines of a metric. Each is one of a fixed set of words, so that the number of lines is
//! known when the program is built, and user input can never be a label.

/// One of a fixed set of words. [`label!`](crate::label!) defines one.
pub trait Label: Copy + 'static {
    /// The name of the label, such as `channel`.
    const NAME: &'static str;
    /// Every word, in the order of [`Label::index`].
    const WORDS: &'static [&'static str];

    /// The index of the word.
    fn index(self) -> usize;
}

/// The labels of a metric's lines: none, one, or several, as in `(Channel, Verdict)`.
pub trait Labels: Copy + 'static {
    /// The number of lines.
    const COUNT: usize;

    /// The index of this line: less than [`Self::COUNT`].
    fn index(self) -> usize;

    /// The labels of a line in the Prometheus text format, such as `channel="imap",verdict="accepted"`.
    fn show(index: usize) -> String;
}

impl Labels for () {
    const COUNT: usize = 1;

    fn index(self) -> usize {
        0
    }

    fn show(_: usize) -> String {
        String::new()
    }
}

impl<L: Label> Labels for L {
    const COUNT: usize = L::WORDS.len();

    fn index(self) -> usize {
        Label::index(self)
    }

    fn show(index: usize) -> String {
        format!("{}=\"{}\"", L::NAME, L::WORDS[index])
    }
}

impl<A: Label, B: Label> Labels for (A, B) {
    const COUNT: usize = A::WORDS.len() * B::WORDS.len();

    fn index(self) -> usize {
        self.0.index() * B::WORDS.len() + self.1.index()
    }

    fn show(index: usize) -> String {
        format!("{},{}", A::show(index / B::WORDS.len()), B::show(index % B::WORDS.len()))
    }
}

/// Defines an enumeration that is a [`Label`]:
///
/// ```
/// postern_process::label! {
///     /// Where somebody signs in.
///     pub enum Channel in "channel" {
///         /// The mail apps' channel.
///         Imap = "imap",
///         /// The browsers' channel.
///         Webmail = "webmail",
///     }
/// }
/// ```
///
/// With `of`, the values of another type are mapped to the words:
///
/// ```
/// postern_process::label! {
///     /// What came of it.
///     pub enum Outcome in "outcome" of Result<(), u8> {
///         /// It was done.
///         Done = "done" => Ok(()),
///         /// It was not.
///         Failed = "failed" => Err(_),
///     }
/// }
/// assert_eq!(Outcome::from(Err(1)), Outcome::Failed);
/// ```
#[macro_export]
macro_rules! label {
    (
        $(#[$about:meta])*
        $visibility:vis enum $label:ident in $name:literal {
            $($(#[$meaning:meta])* $value:ident = $word:expr,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visibility enum $label {
            $($(#[$meaning])* $value,)+
        }

        impl $crate::Label for $label {
            const NAME: &'static str = $name;
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn index(self) -> usize {
                self as usize
            }
        }
    };
    (
        $(#[$about:meta])*
        $visibility:vis enum $label:ident in $name:literal of $source:ty {
            $($(#[$meaning:meta])* $value:ident = $word:expr => $pattern:pat,)+
        }
    ) => {
        $crate::label! {
            $(#[$about])*
            $visibility enum $label in $name {
                $($(#[$meaning])* $value = $word,)+
            }
        }

        impl From<$source> for $label {
            fn from(source: $source) -> Self {
                match source {
                    $($pattern => Self::$value,)+
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    label! {
        enum Channel in "door" {
            Imap = "imap",
            Webmail = "webmail",
        }
    }

    label! {
        enum Verdict in "verdict" {
            Accepted = "accepted",
            Refused = "refused",
            Unavailable = "unavailable",
        }
    }

    #[test]
    fn every_pair_has_a_line_of_its_own() {
        type Both = (Channel, Verdict);
        let all = [Channel::Imap, Channel::Webmail].into_iter().flat_map(|channel| {
            [Verdict::Accepted, Verdict::Refused, Verdict::Unavailable].map(|verdict| (channel, verdict))
        });
        let indices: Vec<usize> = all.map(Labels::index).collect();
        assert_eq!(indices, (0..Both::COUNT).collect::<Vec<_>>());
        assert_eq!(Both::show((Channel::Webmail, Verdict::Refused).index()), "door=\"webmail\",verdict=\"refused\"");
        assert_eq!((<()>::COUNT, <()>::show(0)), (1, String::new()));
    }
}
