//! Sanitizes the text of a receiver for the journal: it may repeat the number, the address and the code.

/// Maximum number of characters that are shown.
const SHOWN: usize = 160;

/// The beginning of the text on one line, in quotes: each digit becomes `#`, each address `@`, and each control
/// character a space.
pub(crate) fn said(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let mut line = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if line.chars().count() >= SHOWN {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        match word.contains(['@', '%']) {
            true => line.push('@'),
            false => line.extend(word.chars().map(|letter| if letter.is_numeric() { '#' } else { letter })),
        }
    }
    format!("“{}”", line.chars().take(SHOWN).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_code_nor_a_recipient_is_shown() {
        for (text, shown) in [
            ("550 5.1.1 <bob@example.com>: no such user\r\n", "“### #.#.# @ no such user”"),
            (
                "{\"message\":\"+44612345678 has code 123 456, ١٢٣\"}\0\u{1b}[2J",
                "“{\"message\":\"+########### has code ### ###, ###\"} [#J”",
            ),
            ("To=%2B44&Body=Code%20123456", "“@”"),
            ("", "“”"),
        ] {
            assert_eq!(said(text), shown);
        }
        assert_eq!(said(&"é".repeat(10_000)).chars().count(), SHOWN + 2);
        assert_eq!(said(&"é ".repeat(10_000)).chars().count(), SHOWN + 2);
    }
}
