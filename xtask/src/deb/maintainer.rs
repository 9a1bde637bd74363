//! The maintainer named in the packages: the user who builds them, determined as Debian's own tools do.

use std::fs;
use std::path::Path;
use std::process::Command;

use postern_tests::binaries::workspace;
use postern_tests::{During, Error, Result, tools};

/// The placeholder in `packaging/debian`.
const PLACE: &str = "@MAINTAINER@";
/// The files that contain it.
const FILES: [&str; 2] = ["control", "changelog"];

/// Writes the name and the address into the files of a copy of `packaging/debian`.
///
/// # Errors
/// If there is no name or address.
pub(super) fn write(debian: &Path) -> Result<()> {
    let name = told("DEBFULLNAME", "user.name")?;
    let address = told("DEBEMAIL", "user.email")?;
    for file in FILES {
        let path = debian.join(file);
        let text = fs::read_to_string(&path).during(path.display())?;
        fs::write(&path, text.replace(PLACE, &format!("{name} <{address}>"))).during(path.display())?;
    }
    Ok(())
}

/// The variable that devscripts(1) and dch(1) read, or else git's setting.
fn told(variable: &str, key: &str) -> Result<String> {
    let from_git = || {
        let mut git = Command::new("git");
        let said = tools::run(git.current_dir(workspace()).args(["config", "--get", key]), &[]).ok()?;
        Some(said.stdout.trim().to_owned())
    };
    let told = std::env::var(variable).ok().or_else(from_git).filter(|told| !told.is_empty());
    told.ok_or_else(|| {
        Error::new(format!("who maintains the packages is not known: set {variable}, or `git config {key} ...`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_name_it_have_its_place_and_no_others_do() {
        let debian = workspace().join("packaging/debian");
        for entry in fs::read_dir(&debian).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.path().is_file()) {
            let name = entry.file_name().into_string().unwrap();
            let places = fs::read_to_string(entry.path()).unwrap().matches(PLACE).count();
            assert_eq!(places, usize::from(FILES.contains(&name.as_str())), "{name}");
        }
    }
}
