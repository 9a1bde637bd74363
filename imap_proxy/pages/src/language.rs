//! The language of a page.

/// The languages of the catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, also for readers who prefer a language that is not in the catalogue.
    #[default]
    English,
    /// French.
    French,
}

impl Language {
    /// All languages, in the order of the language switch.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// Name of the cookie that stores the reader's choice; its value is the [`tag`](Self::tag).
    pub const COOKIE: &'static str = "postern_language";

    /// The BCP 47 tag, as in `<html lang>`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// The name of the language in that language.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::French => "Français",
        }
    }

    /// The language with exactly this tag, as in the cookie and in the language switch.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The best match for an `Accept-Language` header (RFC 9110 section 12.5.4): the highest weight, and the first of
    /// equal weights; `fr-CA` matches French. Items that cannot be parsed are ignored.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Self {
        let mut best = (Self::default(), 0);
        for (range, weight) in header.split(',').filter_map(weighted) {
            let primary = range.split('-').next().unwrap_or_default().to_ascii_lowercase();
            let language = if primary == "*" { Some(Self::default()) } else { Self::from_tag(&primary) };
            if let Some(language) = language
                && weight > best.1
            {
                best = (language, weight);
            }
        }
        best.0
    }
}

/// Splits `fr-CA;q=0.8` into the range and its weight in thousandths.
fn weighted(item: &str) -> Option<(&str, u16)> {
    let Some((range, parameter)) = item.split_once(';') else { return Some((item.trim(), WHOLE_WEIGHT)) };
    let (name, value) = parameter.split_once('=')?;
    let weight = if name.trim().eq_ignore_ascii_case("q") { thousandths(value.trim())? } else { return None };
    Some((range.trim(), weight))
}

/// The weight `1`, in thousandths: RFC 9110 section 12.4.2 allows three decimals.
const WHOLE_WEIGHT: u16 = 1000;

/// Reads `1`, `0.8` or `0.123`.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(WHOLE_WEIGHT),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::language::Language::{self, English, French};

    #[test]
    fn accept_language_picks_the_highest_weight_we_have() {
        for (header, expected) in [
            ("", English),
            ("fr", French),
            ("fr-CA", French),
            ("FR-fr , en;q=0.5", French),
            ("en-GB,en;q=0.9,fr;q=0.8", English),
            ("en;q=0.3, fr;q=0.301", French),
            ("fr;q=0.5,en;q=0.5", French),
            ("de-CH,de;q=0.9,fr;q=0.4,*;q=0.1", French),
            ("de,*;q=0.5,fr;q=0.4", English),
            ("fr;q=0", English),
            ("fr;q=0.000, en;q=0.001", English),
            ("fr;q=1.5", English),
            ("fr;q=+1, en;q=0.1", English),
            ("fr;q=0.1234, en;q=0.1", English),
            ("frp, fro", English),
            (";;;,=,fr;q", English),
            ("ja", English),
        ] {
            assert_eq!(Language::from_accept_language(header), expected, "{header:?}");
        }
    }

    #[test]
    fn a_tag_leads_back_to_its_language() {
        for language in Language::ALL {
            assert_eq!(Language::from_tag(language.tag()), Some(language));
        }
        for tag in ["", "FR", "fr-CA", "de"] {
            assert_eq!(Language::from_tag(tag), None, "{tag:?}");
        }
    }
}
