//! The user's authenticator, simulated by an independent program.

use std::process::Command;

/// Returns the six-digit code that an app shows for `secret` (base32) at `at`, in seconds since 1970.
pub(crate) fn code(secret: &str, at: i64) -> String {
    code_of(secret, at, 6)
}

/// Does the same as [`code`], with this number of digits.
pub(crate) fn code_of(secret: &str, at: i64, digits: u32) -> String {
    let output = Command::new("oathtool")
        .args(["--totp", "--base32", &format!("--digits={digits}"), &format!("--now=@{at}"), secret])
        .output()
        .expect("oathtool is needed (Debian package oathtool)");
    assert!(output.status.success(), "oathtool: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Returns a code that is wrong at `at`, and one step before and after it.
pub(crate) fn wrong_code(secret: &str, at: i64) -> String {
    let right = [at - 30, at, at + 30].map(|at| code(secret, at));
    (0..4).map(|n| format!("{n:06}")).find(|code| !right.contains(code)).unwrap()
}

#[test]
fn codes_are_those_of_rfc6238_appendix_b() {
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    assert_eq!(code_of(secret, 1_111_111_109, 8), "07081804");
    assert_eq!(code(secret, 59), "287082");
}
