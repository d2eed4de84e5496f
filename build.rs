//! Tells the linker where the prebuilt DuckDB library lies, for development and beside a shipped binary, and builds
//! again when GraphiQL's files have changed.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    // A path that is missing would mean "always"; `.ci/assets` touches this file when it makes the folder.
    if std::path::Path::new(".assets").exists() {
        println!("cargo:rerun-if-changed=.assets");
    }
    if let Ok(dir) = std::env::var("DUCKDB_LIB_DIR") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{dir}");
        println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN/../lib");
    }
}
