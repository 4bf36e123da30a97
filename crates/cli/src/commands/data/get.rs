//! The subcommand `tweedie data get`: resumable, checked downloads of public data sets from their official addresses.

use super::download::{fetch, md5_of};
use crate::arguments::Get;
use crate::output::{line, shell_word};
use anyhow::{Context, bail};
use std::path::Path;

/// The name of a file and its published MD5 sum.
type Part = (&'static str, &'static str);

/// The public data sets: name, base address and files.
const SETS: [(&str, &str, &[Part]); 3] = [
    (
        "mnist",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        &[
            ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
            ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
            ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
        ],
    ),
    (
        "fashion-mnist",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        &[
            ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
            ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
            ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
        ],
    ),
    (
        "cifar10",
        "https://www.cs.toronto.edu/~kriz/",
        &[("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530")],
    ),
];

/// Downloads a data set into a folder.
pub fn run(options: &Get) -> anyhow::Result<()> {
    let Some((name, address, parts)) = SETS.iter().find(|(name, ..)| *name == options.name) else {
        let known: Vec<&str> = SETS.iter().map(|(name, ..)| *name).collect();
        bail!("`{}` is not a known data set; it must be one of {}", options.name, known.join(", "));
    };
    let folder = options.out.clone().unwrap_or_else(|| Path::new("data").join(name));
    let address = options.from.as_deref().unwrap_or(address);
    for (file, sum) in *parts {
        let target = folder.join(file);
        if target.is_file() && md5_of(&target)? == *sum {
            line(format!("{} is already complete", target.display()));
        } else {
            fetch(&format!("{}/{file}", address.trim_end_matches('/')), &target, sum)?;
            line(format!("{} is complete", target.display()));
        }
        if file.ends_with(".tar.gz") {
            unpack(&target, &folder)?;
        }
    }
    line(format!(
        "to train on this data set: cargo xtask train --preset {name} --data {}",
        shell_word(folder.display())
    ));
    Ok(())
}

/// Unpacks the files of an archive into `folder`. Files with the same names are overwritten.
fn unpack(archive: &Path, folder: &Path) -> anyhow::Result<()> {
    let failed = || format!("{} cannot be unpacked", archive.display());
    let file = tweedie_files::open_regular(archive).with_context(failed)?;
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(file));
    tar.set_overwrite(true);
    tar.unpack(folder).with_context(failed)
}
