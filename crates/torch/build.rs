//! Compiles the C++ files of the shim against LibTorch's headers, which are beside the library folder that `torch-sys` reports.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=shim");
    println!("cargo:rerun-if-changed=build.rs");
    // Documentation is built without LibTorch, so that nothing is compiled or linked.
    let Some(library) = std::env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else { return };
    compile_shim(&library.join("../include"));
    compile_kernels("default", &[]);
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("x86_64") {
        compile_kernels("avx2", &["-mavx2", "-mfma"]);
        let wide =
            ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mprefer-vector-width=512"];
        compile_kernels("avx512", &wide);
        compile_kernels("avx512_bf16", &[&wide[..], &["-mavx512bf16"]].concat());
    }
}

fn compile_shim(include: &Path) {
    cpp()
        .include(include)
        .include(include.join("torch/csrc/api/include"))
        .define("GLIBCXX_USE_CXX11_ABI", "1")
        // The parallel loops are inline functions of LibTorch's headers, which use OpenMP as the library does.
        .flag("-fopenmp")
        .files([
            "shim/shim.cpp",
            "shim/attention.cpp",
            "shim/group_norm.cpp",
            "shim/optimizer.cpp",
            "shim/packed.cpp",
        ])
        .compile("tweedie_shim");
    println!("cargo:rustc-link-lib=dylib=gomp");
}

/// Compiles the kernels for one instruction set, optimised in every profile.
fn compile_kernels(name: &str, flags: &[&str]) {
    let mut kernels = cpp();
    kernels
        .opt_level(3)
        .flag("-ffp-contract=fast")
        // No caller reads errno, which would keep roots from being vectorised.
        .flag("-fno-math-errno")
        .define("TWEEDIE_KERNELS", format!("tweedie_kernels_{name}").as_str());
    for flag in flags {
        kernels.flag(flag);
    }
    kernels.file("shim/kernels/kernels.cpp").compile(&format!("tweedie_kernels_{name}"));
}

fn cpp() -> cc::Build {
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++17")
        .warnings(false)
        .flag_if_supported("-Wno-unused-parameter")
        .flag_if_supported("-Wno-psabi");
    build
}
