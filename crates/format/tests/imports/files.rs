//! Files of the file system.

use std::fs;
use std::path::Path;

use tensorkeep_format::{
    Code, DType, FileRules, LoadLimits, Rename, Result, SafeTensorsFile, read_file, write_safetensors,
};

use super::{counting, limits};

#[test]
fn only_regular_files_are_read() {
    let folder = std::env::temp_dir().join(format!("tensorkeep-format-{}-files", std::process::id()));
    fs::create_dir_all(folder.join("folder")).unwrap();
    let path = folder.join("a.safetensors");
    let bias = counting(DType::U8, &[3]);
    write_safetensors(&mut fs::File::create(&path).unwrap(), &[("bias", &bias)], &[]).unwrap();

    let rules = FileRules::default();
    let open =
        |path: &Path, limits: &LoadLimits| SafeTensorsFile::open(path, limits, &rules, &Rename::default());
    assert_eq!(open(&path, &limits()).unwrap().tensor("bias").unwrap(), bias);
    let bytes = read_file(&path, &limits(), &rules).unwrap();
    assert!(bytes.ends_with(bias.bytes()));

    let both = |path: &Path, limits: &LoadLimits| -> [Result<()>; 2] {
        [open(path, limits).map(drop), read_file(path, limits, &rules).map(drop)]
    };
    let small = LoadLimits { file: bytes.len() as u64 - 1, ..limits() };
    let mut table = vec![
        (path.clone(), small, Code::DataLimit),
        (folder.join("folder"), limits(), Code::FileType),
        (folder.join("nowhere"), limits(), Code::Io),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&path, folder.join("link")).unwrap();
        table.push((folder.join("link"), limits(), Code::FileType));
        table.push(("/dev/zero".into(), limits(), Code::FileType));
    }
    for (path, limits, code) in &table {
        for result in both(path, limits) {
            let error = result.unwrap_err();
            assert_eq!(error.code(), *code, "{error}");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}
