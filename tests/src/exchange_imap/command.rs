//! Parses commands: lines with quoted strings, and literals of both kinds.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream};

use super::shared::Shared;

/// A command with more or longer words ends the connection: no client of the tests sends one.
const MAX_LENGTH: u64 = 64 * 1024;

/// A connection, and the record of what is sent on it.
pub(super) struct Line<'a, S: AsyncRead + AsyncWrite> {
    pub(super) stream: &'a mut BufStream<S>,
    pub(super) shared: &'a Shared,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<'_, S> {
    /// The next command, as words: of a string, its content. None at the end of the connection.
    pub(super) async fn command(&mut self) -> io::Result<Option<Vec<String>>> {
        let mut words = Vec::new();
        loop {
            let Some(line) = self.line().await? else { return Ok(None) };
            let (text, literal) = split_literal(&line);
            words.extend(split_words(text));
            let Some((length, waits)) = literal else { return Ok(Some(words)) };
            if waits {
                self.stream.write_all(b"+ Ready for additional command text.\r\n").await?;
                self.stream.flush().await?;
            }
            let mut text = Vec::new();
            (&mut *self.stream).take(length.min(MAX_LENGTH)).read_to_end(&mut text).await?;
            self.shared.hear(&text);
            words.push(String::from_utf8_lossy(&text).into_owned());
        }
    }

    /// The next line, without its end.
    pub(super) async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        (&mut *self.stream).take(MAX_LENGTH).read_until(b'\n', &mut line).await?;
        self.shared.hear(&line);
        let text = line.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        Ok(text.map(|text| String::from_utf8_lossy(text).into_owned()))
    }
}

/// The literal that a line ends with: its length, and whether its sender waits for a continuation request.
fn split_literal(line: &str) -> (&str, Option<(u64, bool)>) {
    let announced = line.strip_suffix('}').and_then(|line| line.rsplit_once('{'));
    let Some((text, length)) = announced else { return (line, None) };
    let digits = length.strip_suffix('+').unwrap_or(length);
    digits.parse().map_or((line, None), |length_of| (text, Some((length_of, digits == length))))
}

/// Words are separated by spaces; a quoted string is one word, whatever it contains, and so is everything in
/// parentheses.
fn split_words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut escaped, mut depth) = (Vec::new(), String::new(), false, false, 0_i32);
    for letter in text.chars() {
        match letter {
            _ if escaped => {
                word.push(letter);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' if !quoted && depth == 0 => words.push(std::mem::take(&mut word)),
            _ => {
                depth += i32::from(!quoted && letter == '(') - i32::from(!quoted && letter == ')');
                word.push(letter);
            }
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_literals() {
        assert_eq!(split_words("a LOGIN EXAMPLE\\bob \"p \\\"w\""), ["a", "LOGIN", "EXAMPLE\\bob", "p \"w"]);
        assert_eq!(split_words("a FETCH 1 (FLAGS BODY.PEEK[])"), ["a", "FETCH", "1", "(FLAGS BODY.PEEK[])"]);
        assert_eq!(split_literal("a LOGIN {3+}"), ("a LOGIN ", Some((3, false))));
        assert_eq!(split_literal("a LOGIN {3}"), ("a LOGIN ", Some((3, true))));
        assert_eq!(split_literal("a LOGIN x}"), ("a LOGIN x}", None));
    }
}
