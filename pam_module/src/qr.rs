//! QR codes on a terminal.
//!
//! Light modules are drawn and dark ones left out, as on a terminal with light text on a dark background, which is the
//! most common; on the other kind the picture is inverted, which phones read too. Colours would be unambiguous, but ssh
//! clients remove text that looks like an escape sequence.

use qrcode::{Color, EcLevel, QrCode};
use zeroize::Zeroizing;

/// The width of the quiet zone in modules (ISO/IEC 18004, 9.1).
const QUIET_ZONE: usize = 4;
/// The same if each module takes two columns: otherwise a version 5 code would be wider than the terminal.
const QUIET_ZONE_ASCII: usize = 1;
/// Columns of the terminal. A line that wraps would break the picture.
const COLUMNS: usize = 80;
/// Bytes of a half block in UTF-8.
const BLOCK: usize = 3;

/// Draws `text` as a picture of lines; `None` if it is too long for the width of a terminal.
pub(crate) fn picture(text: &str, unicode: bool) -> Option<Zeroizing<String>> {
    // The lowest level of error correction: a screen has no damage, and each higher level makes the picture larger.
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let (width, modules) = (code.width(), code.into_colors());
    let margin = if unicode { QUIET_ZONE } else { QUIET_ZONE_ASCII };
    let side = width + 2 * margin;
    let light = |x: usize, y: usize| match (x.checked_sub(margin), y.checked_sub(margin)) {
        (Some(x), Some(y)) if x < width && y < width => modules[y * width + x] == Color::Light,
        _ => y < side,
    };
    let mut out = Zeroizing::new(String::with_capacity(side * (side + 1) * BLOCK));
    if unicode {
        for y in (0..side).step_by(2) {
            out.extend((0..side).map(|x| match (light(x, y), light(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            }));
            out.push('\n');
        }
    } else {
        for y in 0..side {
            out.extend((0..side).map(|x| if light(x, y) { "##" } else { "  " }));
            out.push('\n');
        }
    }
    out.pop(); // whoever shows it ends the last line
    let columns = if unicode { side } else { 2 * side };
    (columns <= COLUMNS).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: usize = 24;
    /// The longest text of a version 5-L code.
    const VERSION_5: usize = 106;

    #[test]
    fn version_5_fits_the_terminal_and_leaves_a_row_for_the_prompt() {
        let picture = picture(&"x".repeat(VERSION_5), true).unwrap();
        let lines: Vec<_> = picture.lines().collect();
        assert_eq!((lines.len(), lines[0].chars().count()), (23, 45));
        assert!(lines.len() < ROWS);
        assert!(lines.iter().all(|line| line.chars().count() == 45));
    }

    #[test]
    fn in_ascii_it_is_no_wider_than_the_terminal() {
        let picture = picture(&"x".repeat(VERSION_5), false).unwrap();
        assert!(picture.is_ascii());
        assert!(picture.lines().all(|line| line.len() == 78));
    }

    #[test]
    fn what_would_wrap_is_not_drawn() {
        assert!(picture(&"x".repeat(VERSION_5 + 1), false).is_none());
        assert!(picture(&"x".repeat(2900), true).is_none());
        assert!(picture(&"x".repeat(3000), true).is_none());
    }
}
