//! Compiles the shim against LibTorch's headers, which are beside the library folder that `torch-sys` reports.

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=shim");
    println!("cargo:rerun-if-changed=build.rs");
    // Documentation is built without LibTorch, so that nothing is compiled or linked.
    let Some(library) = std::env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else { return };
    let include = library.join("../include");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(false)
        .flag_if_supported("-Wno-unused-parameter")
        .include(&include)
        .include(include.join("torch/csrc/api/include"))
        .define("GLIBCXX_USE_CXX11_ABI", "1")
        .file("shim/shim.cpp")
        .compile("tweedie_shim");
}
