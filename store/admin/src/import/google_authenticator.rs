//! The file of `pam_google_authenticator`, `~/.google_authenticator`:
//!
//! ```text
//! XCPTYRYZVOZZLBNYI7A5QRISDQ
//! " RATE_LIMIT 3 30
//! " WINDOW_SIZE 3
//! " DISALLOW_REUSE 58947361 58947362
//! " TOTP_AUTH
//! 40757517
//! 75671773
//! ```
//!
//! The first line is the secret in Base32, which may be typed by the user: in groups, in small letters, with 0, 1 and 8
//! for the letters that look similar (`base32.c` there). Lines that begin with a quote are settings and the module's
//! state, and the others are unused scratch codes (google-authenticator-libpam, `FILEFORMAT`).

use postern_wire::Secret;
use std::fmt;

/// The most bytes of a file: as much as the module itself reads.
pub const FILE_MAX: usize = 64 * 1024;
/// The most scratch codes in a file: the program makes no more.
pub const CODES_MAX: usize = 10;
/// Digits of a scratch code.
const CODE_DIGITS: usize = 8;
/// The most characters of a secret: the module's limit.
const SECRET_MAX: usize = 128;
/// The default seconds of a step, and the allowed range.
const STEP: u64 = 30;
const STEP_ALLOWED: std::ops::RangeInclusive<u64> = 1..=60;
/// The default number of codes that are accepted at one time: the current one and one before and after it.
const WINDOW: i64 = 3;

/// The content of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct File {
    /// Base32.
    pub secret: Secret,
    /// Seconds of a step.
    pub period: u64,
    /// The last step of which a code was used, as far as the module has stored it.
    pub spent_step: Option<u64>,
    /// Unused scratch codes.
    pub codes: Vec<Secret>,
    /// Settings that are not imported, for the administrator. They contain no secret.
    pub notes: Vec<String>,
}

/// Why a file cannot be imported.
#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    /// More than [`FILE_MAX`] bytes.
    Long,
    /// The first line is not a secret.
    Secret,
    /// It uses counter-based codes (RFC 4226).
    Counter,
    /// It has neither the setting for time-based nor that for counter-based codes.
    Neither,
    /// The line with the seconds of a step is not valid.
    Step(usize),
    /// A line with used steps is not valid.
    Reuse(usize),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long => write!(f, "it has more than {FILE_MAX} bytes: this is no file of pam_google_authenticator"),
            Self::Secret => f.write_str("line 1 is no secret in Base32: this is no file of pam_google_authenticator"),
            Self::Counter => f.write_str(
                "it counts sign-ins (HOTP_COUNTER), and Postern serves codes by time only: have the person set up a \
                 new method, with `postern account enable`",
            ),
            Self::Neither => {
                f.write_str("it has no line TOTP_AUTH: pam_google_authenticator accepts no code of it either")
            }
            Self::Step(line) => write!(f, "line {line}: STEP_SIZE is no number from 1 to 60"),
            Self::Reuse(line) => write!(f, "line {line}: DISALLOW_REUSE has something else than the numbers of steps"),
        }
    }
}

impl std::error::Error for Problem {}

/// Parses a file.
///
/// # Errors
/// [`Problem`].
pub fn parse(text: &str) -> Result<File, Problem> {
    if text.len() > FILE_MAX {
        return Err(Problem::Long);
    }
    let mut lines = text.lines().map(str::trim_end).zip(1..);
    let secret = lines.next().and_then(|(line, _)| read_secret(line)).ok_or(Problem::Secret)?;
    let (codes, notes) = (Vec::with_capacity(CODES_MAX), Vec::new());
    let mut file = File { secret, period: STEP, spent_step: None, codes, notes };
    let (mut by_time, mut by_count) = (false, false);
    for (line, number) in lines {
        let Some(setting) = line.strip_prefix("\" ") else {
            file.read_code(line, number);
            continue;
        };
        let mut words = setting.split_ascii_whitespace();
        match words.next().unwrap_or_default() {
            "TOTP_AUTH" => by_time = true,
            "HOTP_COUNTER" => by_count = true,
            "STEP_SIZE" => {
                let step = words.next().and_then(|step| step.parse().ok()).filter(|step| STEP_ALLOWED.contains(step));
                file.period = step.ok_or(Problem::Step(number))?;
            }
            "DISALLOW_REUSE" => {
                for step in words {
                    let step: u64 = step.parse().map_err(|_| Problem::Reuse(number))?;
                    file.spent_step = file.spent_step.max(Some(step));
                }
            }
            "WINDOW_SIZE" => {
                if let Some(window) = number_in(words.next()).filter(|codes| *codes > WINDOW) {
                    file.notes.push(format!(
                        "{window} codes were accepted at one time; posternd.toml says how many are now ([totp] window)"
                    ));
                }
            }
            "TIME_SKEW" => {
                if let Some(skew) = number_in(words.next()).filter(|steps| *steps != 0) {
                    file.notes.push(format!("the phone's clock was off by {skew} steps, and has to be set right"));
                }
            }
            // Postern has its own settings for this, or it is about signing in without a code.
            "RATE_LIMIT" | "RESETTING_TIME_SKEW" => {}
            name if name.starts_with("LAST") => {}
            _ => file.notes.push(format!("line {number} is a setting that is not known here, and was left out")),
        }
    }
    match (by_time, by_count) {
        (_, true) => Err(Problem::Counter),
        (false, false) => Err(Problem::Neither),
        (true, false) => Ok(file),
    }
}

impl File {
    fn read_code(&mut self, line: &str, number: usize) {
        let is_code = line.len() == CODE_DIGITS && line.bytes().all(|byte| byte.is_ascii_digit());
        if is_code && self.codes.len() < CODES_MAX {
            self.codes.push(Secret::from(line));
        } else if !line.is_empty() {
            let why = if is_code { "one scratch code too many" } else { "no scratch code of eight digits" };
            self.notes.push(format!("line {number} is {why}, and was left out"));
        }
    }
}

fn number_in(word: Option<&str>) -> Option<i64> {
    word.and_then(|word| word.parse().ok())
}

/// The secret, if the line can be one in Base32; posternd checks its length.
fn read_secret(line: &str) -> Option<Secret> {
    // Allocated in advance: growing would leave copies of the secret in memory.
    let mut letters = String::with_capacity(line.len());
    let is_whole = line.chars().filter(|letter| !matches!(letter, ' ' | '\t' | '\r' | '-')).all(|letter| {
        let letter = match letter {
            '0' => 'O',
            '1' => 'L',
            '8' => 'B',
            letter => letter.to_ascii_uppercase(),
        };
        letters.push(letter);
        letter.is_ascii_uppercase() || ('2'..='7').contains(&letter)
    });
    let secret = Secret::from(letters);
    (is_whole && (1..=SECRET_MAX).contains(&secret.reveal().len())).then_some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "XCPTYRYZVOZZLBNYI7A5QRISDQ";

    fn good(rest: &str) -> File {
        parse(&format!("{SECRET}\n{rest}")).unwrap_or_else(|problem| panic!("{rest:?}: {problem}"))
    }

    fn problem(text: &str) -> Problem {
        parse(text).expect_err(text)
    }

    #[test]
    fn what_the_program_writes_is_read() {
        let file = good("\" RATE_LIMIT 3 30\n\" WINDOW_SIZE 3\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n40757517\n75671773\n");
        let codes = vec![Secret::from("40757517"), Secret::from("75671773")];
        let secret = Secret::from(SECRET);
        assert_eq!(file, File { secret, period: 30, spent_step: None, codes, notes: vec![] });
    }

    #[test]
    fn what_the_module_remembers_is_read() {
        for (rest, spent, period) in [
            ("\" TOTP_AUTH\n", None, 30),
            ("\" TOTP_AUTH", None, 30),
            ("\" TOTP_AUTH\r\n\" STEP_SIZE 60\r\n", None, 60),
            ("\" DISALLOW_REUSE 58947361\n\" TOTP_AUTH\n", Some(58_947_361), 30),
            ("\" DISALLOW_REUSE 58947362 58947361 7\n\" TOTP_AUTH\n", Some(58_947_362), 30),
            ("\" TOTP_AUTH\n\" RATE_LIMIT 3 30 1768420800\n\" LAST0 192.0.2.1 1768420800\n", None, 30),
        ] {
            let file = good(rest);
            assert_eq!((file.spent_step, file.period, file.notes), (spent, period, vec![]), "{rest:?}");
        }
    }

    #[test]
    fn what_is_left_out_is_told_by_line_and_without_a_secret() {
        for (rest, told) in [
            ("\" WINDOW_SIZE 17\n", "17 codes"),
            ("\" TIME_SKEW -3\n", "off by -3 steps"),
            ("\" COLOUR red\n", "line 2 is a setting"),
            ("1234567\n", "line 2 is no scratch code"),
            ("123456789\n", "line 2 is no scratch code"),
            ("12345678x\n", "line 2 is no scratch code"),
            (&"12345678\n".repeat(11), "line 12 is one scratch code too many"),
        ] {
            let file = good(&format!("{rest}\" TOTP_AUTH\n"));
            assert_eq!(file.notes.len(), 1, "{rest:?}");
            assert!(file.notes[0].contains(told) && !file.notes[0].contains("12345678"), "{:?}", file.notes);
        }
        assert_eq!(good("\n\n\" TOTP_AUTH\n\" TIME_SKEW 0\n\" WINDOW_SIZE 3\n").notes, [""; 0]);
    }

    #[test]
    fn a_secret_is_read_as_the_module_reads_it() {
        for written in
            ["XCPT YRYZ VOZZ LBNY I7A5 QRIS DQ", "xcpt-yryz-vozz-lbny-i7a5-qris-dq", " XCPT\tYRYZVOZZ1BNYI7A5QRISDQ"]
        {
            let file = parse(&format!("{written}\n\" TOTP_AUTH\n")).unwrap();
            assert_eq!(file.secret.reveal(), SECRET, "{written}");
        }
        assert_eq!(parse("0180\n\" TOTP_AUTH\n").unwrap().secret.reveal(), "OLBO");
        for written in ["- -", "9XCPTRYRZVOZZ", "XCPTRYRZVOZZ=", "XCPT_RYRZ", "XCPTRYRZÉ"] {
            assert_eq!(problem(&format!("{written}\n\" TOTP_AUTH\n")), Problem::Secret, "{written}");
        }
    }

    #[test]
    fn what_cannot_be_taken_over_says_why() {
        assert_eq!(problem(""), Problem::Secret);
        assert_eq!(problem("\" TOTP_AUTH\n"), Problem::Secret);
        assert_eq!(problem("not base32!\n\" TOTP_AUTH\n"), Problem::Secret);
        assert_eq!(problem(&format!("{}\n\" TOTP_AUTH\n", "A".repeat(129))), Problem::Secret);
        assert_eq!(problem(SECRET), Problem::Neither);
        assert_eq!(problem(&format!("{SECRET}\nTOTP_AUTH\n")), Problem::Neither);
        assert_eq!(problem(&format!("{SECRET}\n\" HOTP_COUNTER 7\n")), Problem::Counter);
        assert_eq!(problem(&format!("{SECRET}\n\" TOTP_AUTH\n\" HOTP_COUNTER 7\n")), Problem::Counter);
        for step in ["", "0", "61", "-1", "x"] {
            assert_eq!(problem(&format!("{SECRET}\n\" STEP_SIZE {step}\n\" TOTP_AUTH\n")), Problem::Step(2), "{step}");
        }
        for used in ["x", "1 x", "-1", "99999999999999999999999"] {
            assert_eq!(problem(&format!("{SECRET}\n\" DISALLOW_REUSE {used}\n\" TOTP_AUTH\n")), Problem::Reuse(2));
        }
        assert_eq!(problem(&"A".repeat(FILE_MAX + 1)), Problem::Long);
    }

    proptest! {
        #[test]
        fn any_text_gives_a_file_or_a_problem(text in "(\\PC|\n|\" |TOTP_AUTH|DISALLOW_REUSE|[0-9]{8}\n){0,60}") {
            if let Ok(file) = parse(&text) {
                prop_assert!(file.codes.len() <= CODES_MAX);
                prop_assert!(file.codes.iter().all(|code| code.reveal().len() == 8));
            }
        }

        #[test]
        fn what_is_written_comes_back(
            secret in "[A-Z2-7]{16,52}",
            used in prop::collection::vec(1u64..1 << 40, 0..5),
            codes in prop::collection::vec("[0-9]{8}", 0..=10),
            step in STEP_ALLOWED,
        ) {
            let words: String = used.iter().map(|step| format!(" {step}")).collect();
            let text = format!("{secret}\n\" STEP_SIZE {step}\n\" DISALLOW_REUSE{words}\n\" TOTP_AUTH\n{}\n", codes.join("\n"));
            let file = parse(&text).unwrap();
            prop_assert_eq!(file.secret.reveal(), secret);
            prop_assert_eq!((file.period, file.spent_step), (step, used.into_iter().max()));
            prop_assert!(file.codes.iter().map(Secret::reveal).eq(codes));
            prop_assert!(file.notes.is_empty());
        }
    }
}
