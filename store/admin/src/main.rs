//! The program `postern`: see the library of this package.

fn main() -> std::process::ExitCode {
    postern_admin::main()
}
