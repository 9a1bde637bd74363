//! A QR code as inline SVG.

use std::fmt::Write;

use maud::{Markup, html};
use qrcode::{Color, EcLevel, QrCode};

/// Width of the white margin around the code, in modules (ISO/IEC 18004 section 5.3.8). It is part of the image, not of
/// the style sheet, so that cameras detect the code on a dark page too.
pub const QUIET_ZONE: usize = 4;

/// Draws `content`; `title` is its name for screen readers. `None` if it is too long for a QR code.
///
/// Uses medium error correction: it tolerates reflections on the screen, and the modules stay large.
pub fn svg(content: &str, title: &str) -> Option<Markup> {
    let code = QrCode::with_error_correction_level(content, EcLevel::M).ok()?;
    let side = code.width() + 2 * QUIET_ZONE;
    Some(html! {
        svg.qr xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (side) " " (side) } width=(side) height=(side)
            role="img" aria-labelledby="qr-title" shape-rendering="crispEdges" {
            title #qr-title { (title) }
            rect width=(side) height=(side) fill="#fff" {}
            path fill="#000" d=(dark_modules(&code)) {}
        }
    })
}

/// One path for all dark modules: a bar for each run of dark modules in a row.
fn dark_modules(code: &QrCode) -> String {
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run[0] == Color::Dark {
                let length = run.len();
                // Writing to a String cannot fail.
                let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + QUIET_ZONE, y + QUIET_ZONE);
            }
            x += run.len();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Converts the bars back into the modules that they cover.
    fn covered(path: &str, side: usize) -> Vec<bool> {
        let mut modules = vec![false; side * side];
        for bar in path.split('z').filter(|bar| !bar.is_empty()) {
            let (start, rest) = bar.trim_start_matches('M').split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let length: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            modules[y * side + x..][..length].fill(true);
        }
        modules
    }

    #[test]
    fn the_drawing_is_the_code_inside_its_white_margin() {
        let content = "otpauth://totp/Example:bob@example.com?secret=JBSWY3DPEHPK3PXP&issuer=Example";
        let code = QrCode::with_error_correction_level(content, EcLevel::M).unwrap();
        let side = code.width() + 2 * QUIET_ZONE;
        let svg = svg(content, "title").unwrap().into_string();
        assert!(svg.contains(&format!(r#"viewBox="0 0 {side} {side}""#)), "{svg}");
        assert!(svg.contains(&format!(r##"<rect width="{side}" height="{side}" fill="#fff">"##)), "{svg}");
        assert_eq!(svg.matches("<path").count(), 1);

        let drawn = covered(&dark_modules(&code), side);
        for y in 0..side {
            for x in 0..side {
                let inside =
                    (QUIET_ZONE..side - QUIET_ZONE).contains(&x) && (QUIET_ZONE..side - QUIET_ZONE).contains(&y);
                let dark = inside && code[(x - QUIET_ZONE, y - QUIET_ZONE)] == Color::Dark;
                assert_eq!(drawn[y * side + x], dark, "module {x},{y}");
            }
        }
    }

    #[test]
    fn the_margin_is_the_standards() {
        assert_eq!(QUIET_ZONE, 4);
    }

    #[test]
    fn what_fits_no_code_is_not_drawn() {
        assert!(svg(&"x".repeat(3000), "title").is_none());
    }
}
