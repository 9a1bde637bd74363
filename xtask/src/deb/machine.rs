//! What the packages are built for, and how cargo builds for it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;
use postern_tests::binaries::{Binaries, build, cargo, workspace};
use postern_tests::{During, Error, Result, tools};
use serde_json::Value;

/// Where it is built, apart from what `cargo build` makes: it is built with other flags.
const TARGET_DIRECTORY: &str = "target/deb/build";

/// A kind of machine that Debian runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Machine {
    /// Debian's amd64
    #[value(name = "x86_64")]
    X86_64,
    /// Debian's arm64
    #[value(name = "aarch64")]
    Aarch64,
}

/// What is said to the programs that are built, instead of where this machine has the sources.
struct Remap {
    from: PathBuf,
    to: &'static str,
}

impl Machine {
    /// The one that this runs on.
    ///
    /// # Errors
    /// Where it is none of these.
    pub(crate) fn here() -> Result<Machine> {
        let name = std::env::consts::ARCH;
        Machine::from_str(name, false).map_err(|_| Error::new(format!("packages are not built for {name}")))
    }

    /// Debian's name of it.
    pub(crate) fn debian(self) -> &'static str {
        match self {
            Machine::X86_64 => "amd64",
            Machine::Aarch64 => "arm64",
        }
    }

    /// Rust's name of it.
    fn triple(self) -> &'static str {
        match self {
            Machine::X86_64 => "x86_64-unknown-linux-gnu",
            Machine::Aarch64 => "aarch64-unknown-linux-gnu",
        }
    }

    /// What links for it, as Debian's cross compilers are named: the same from every machine.
    fn linker(self) -> &'static str {
        match self {
            Machine::X86_64 => "x86_64-linux-gnu-gcc",
            Machine::Aarch64 => "aarch64-linux-gnu-gcc",
        }
    }

    /// The Debian packages that compile and link for it elsewhere.
    pub(crate) fn cross_packages(self) -> [&'static str; 2] {
        match self {
            Machine::X86_64 => ["gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"],
            Machine::Aarch64 => ["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
        }
    }

    /// Builds the programs of these packages; no path of this machine is in them.
    ///
    /// # Errors
    /// What cargo said, and a path that was found.
    pub(crate) fn build(self, packages: &[&str]) -> Result<Binaries> {
        let remaps = remaps()?;
        let flags: Vec<_> = remaps.iter().map(Remap::flag).collect();
        let triple = self.triple();
        let linker = format!("target.{triple}.linker={:?}", self.linker());
        let flags = format!("target.{triple}.rustflags={flags:?}");
        let fixed = ["--release", "--locked", "--target-dir", TARGET_DIRECTORY, "--target", triple];
        let told = ["--config", &linker, "--config", &flags];
        let selected = packages.iter().flat_map(|name| ["--package", name]);
        let programs = build(&fixed.into_iter().chain(told).chain(selected).collect::<Vec<_>>())?;
        let Binaries { posternd, postern, proxy, pam_module } = &programs;
        for program in [posternd, postern, proxy, pam_module] {
            let bytes = fs::read(program).during(program.display())?;
            if let Some(remap) = remaps.iter().find(|remap| remap.is_named_in(&bytes)) {
                let (program, from) = (program.display(), remap.from.display());
                return Err(Error::new(format!("{program} names {from}, which is a path of this machine")));
            }
        }
        Ok(programs)
    }
}

impl Remap {
    fn flag(&self) -> String {
        format!("--remap-path-prefix={}={}", self.from.display(), self.to)
    }

    fn is_named_in(&self, bytes: &[u8]) -> bool {
        let from = self.from.as_os_str().as_encoded_bytes();
        bytes.windows(from.len()).any(|window| window == from)
    }
}

/// This checkout, the crates of others, and the standard library's sources. rustc takes the last one that fits, and the
/// crates may lie below the checkout.
fn remaps() -> Result<Vec<Remap>> {
    let sysroot = tools::run(Command::new("rustc").current_dir(workspace()).args(["--print", "sysroot"]), &[])?;
    let library = Path::new(sysroot.success()?.trim()).join("lib/rustlib/src/rust");
    let args = ["metadata", "--format-version=1", "--locked"];
    let metadata: Value =
        serde_json::from_str(&tools::run(cargo().args(args), &[])?.success()?).during("reading cargo metadata")?;
    let here = Remap { from: workspace().to_owned(), to: "/postern" };
    let crates = homes_of_crates(&metadata).into_iter().map(|from| Remap { from, to: "/crates" });
    Ok([here].into_iter().chain(crates).chain([Remap { from: library, to: "/rust" }]).collect())
}

/// The directories in which cargo has unpacked what is not of this checkout.
fn homes_of_crates(metadata: &Value) -> BTreeSet<PathBuf> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let foreign = packages.iter().filter(|package| !package["source"].is_null());
    let manifests = foreign.filter_map(|package| package["manifest_path"].as_str());
    manifests.filter_map(|manifest| Some(Path::new(manifest).parent()?.parent()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_of_others_are_found_where_cargo_has_them() {
        let package = |source: Value, path: &str| serde_json::json!({ "source": source, "manifest_path": path });
        let metadata = serde_json::json!({ "packages": [
            package("registry+a".into(), "/home/eve/.cargo/registry/src/one/serde-1.0.0/Cargo.toml"),
            package("registry+a".into(), "/home/eve/.cargo/registry/src/one/sled-0.34.7/Cargo.toml"),
            package("registry+b".into(), "/home/eve/vendor/nix-0.31.0/Cargo.toml"),
            package(Value::Null, "/home/eve/postern/store/rules/Cargo.toml"),
        ] });
        let homes: Vec<_> = homes_of_crates(&metadata).into_iter().collect();
        assert_eq!(homes, [Path::new("/home/eve/.cargo/registry/src/one"), Path::new("/home/eve/vendor")]);
        let remaps = remaps().unwrap();
        assert!(remaps.len() >= 3 && remaps.iter().all(|remap| remap.from.is_absolute()));
    }

    #[test]
    fn a_path_is_found_wherever_it_stands() {
        let remap = Remap { from: PathBuf::from("/home/eve"), to: "/postern" };
        assert_eq!(remap.flag(), "--remap-path-prefix=/home/eve=/postern");
        assert!(remap.is_named_in(b"\0/home/eve/src/main.rs\0") && remap.is_named_in(b"/home/eve"));
        assert!(!remap.is_named_in(b"/home/ev") && !remap.is_named_in(b""));
    }

    #[test]
    fn every_machine_has_its_names() {
        for (name, debian) in [("x86_64", "amd64"), ("aarch64", "arm64")] {
            let machine = Machine::from_str(name, false).unwrap();
            assert_eq!(machine.debian(), debian);
            assert!(machine.triple().starts_with(name) && machine.linker().starts_with(name));
        }
        assert!(Machine::here().is_ok());
    }
}
