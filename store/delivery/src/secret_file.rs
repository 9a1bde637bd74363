//! Secrets in files that the configuration names: a token, a password.

use crate::failure::SetUpError;
use postern_wire::Secret;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use zeroize::Zeroizing;

/// The maximum length of a secret, in bytes.
const LEN_MAX: usize = 4096;
/// Mode bits that must not be set: access for users other than owner and group.
const MODE_FORBIDDEN: u32 = 0o007;

/// Returns the single line of text in the file, without its line ending.
///
/// # Errors
/// If other users can read the file, or it does not contain a single line. The error quotes nothing of it.
pub(crate) fn read(path: &Path) -> Result<Secret, SetUpError> {
    let wrong = |why: String| SetUpError(format!("the secret in {} cannot be used: {why}", path.display()));
    let mut file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    let about = file.metadata().map_err(|error| wrong(error.to_string()))?;
    if !about.is_file() {
        return Err(wrong("it is not a regular file".to_owned()));
    }
    if about.mode() & MODE_FORBIDDEN != 0 {
        return Err(wrong(format!("everybody can get at it. Run: chmod o= {}", path.display())));
    }
    let mut text = Zeroizing::new(String::with_capacity(LEN_MAX + 1));
    let read = file.by_ref().take(LEN_MAX as u64 + 1).read_to_string(&mut text);
    read.map_err(|_| wrong("it is not text".to_owned()))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || text.len() > LEN_MAX || line.contains(char::is_control) {
        return Err(wrong(format!("it must be one line of at most {LEN_MAX} bytes")));
    }
    Ok(Secret::from(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_is_one_line_that_not_everybody_can_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let write = |text: &[u8], mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            read(&path)
        };
        for text in ["s3cret", "s3cret\n", "s3cret\r\n"] {
            assert_eq!(write(text.as_bytes(), 0o640).unwrap().reveal(), "s3cret");
        }
        for (text, mode, says) in [
            (&b"s3cret"[..], 0o644, "chmod o="),
            (b"", 0o600, "one line"),
            (b"\n", 0o600, "one line"),
            (b"s3cret\nmore\n", 0o600, "one line"),
            (&[b'a'; LEN_MAX + 1], 0o600, "one line"),
            (b"s3cret\xff", 0o600, "not text"),
        ] {
            let error = write(text, mode).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("s3cret"), "{error}");
        }
        assert!(read(&dir.path().join("none")).unwrap_err().to_string().contains("No such file"));
        assert!(read(dir.path()).unwrap_err().to_string().contains("regular file"));
    }
}
