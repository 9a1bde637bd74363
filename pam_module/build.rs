//! Sets how the shared object is linked.

fn main() {
    // libpam unloads a module at pam_end. Rust's thread-local destructors would then point to unmapped memory and crash
    // the host when its thread ends (rust-lang/rust#91979): so the object stays mapped.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo::rerun-if-changed=build.rs");
}
