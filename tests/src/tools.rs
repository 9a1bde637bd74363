//! The command-line programs that represent a user's own: an authenticator, a camera, a client.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{During, Error, Result};

/// The exit code and output of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The exit code; −1 if a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    /// The standard output of a command that exited with 0; otherwise an error with the complete output.
    pub fn success(self) -> Result<String> {
        if self.code == 0 { Ok(self.stdout) } else { Err(Error::new(format!("{self:#?}"))) }
    }
}

/// Runs `command` with `input` on its standard input.
pub fn run(command: &mut Command, input: &[u8]) -> Result<Outcome> {
    let doing = format!("running {}", command.get_program().to_string_lossy());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().during(&doing)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program may end without reading all of its input.
        let _ = stdin.write_all(input);
    }
    let output = child.wait_with_output().during(&doing)?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Outcome { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) })
}

/// The code that an authenticator app shows for a base32 `secret` at `time`, in seconds since 1970: TOTP (RFC 6238) with
/// SHA-1, six digits and 30 seconds, computed by oathtool.
pub fn oathtool(secret: &str, time: u64) -> Result<String> {
    let mut command = Command::new("oathtool");
    command.args(["--totp", "--base32", &format!("--now=@{time}"), "-"]);
    Ok(run(&mut command, secret.as_bytes())?.success()?.trim().to_owned())
}

/// What a phone's camera reads from the QR code in a picture.
pub fn zbar(picture: &Path) -> Result<String> {
    let mut command = Command::new("zbarimg");
    command.args(["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"]).arg(picture);
    Ok(run(&mut command, &[])?.success()?.trim().to_owned())
}

/// Runs curl, silent except for errors, with `args`.
pub fn curl<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Result<Outcome> {
    run(Command::new("curl").args(["--silent", "--show-error"]).args(args), &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the SHA-1 rows; the codes there have eight digits, of which an app shows the last six.
    #[test]
    fn oathtool_agrees_with_the_rfc() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(oathtool(secret, time).unwrap(), code);
        }
    }
}
