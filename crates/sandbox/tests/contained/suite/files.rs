//! The sandbox gives the same answers as reading without it.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;

use tensorkeep_format::{Code, Error, FileReader, FileRules, LoadLimits};
use tensorkeep_sandbox::{Measure, Options, Outcome, Requirement, load};

use super::place::{file, model, sandboxed};
use crate::row::Row;
use crate::{cbor, graph, header, tensors};

pub(super) fn good_files_come_back() {
    for elements in [0, 1, 5_000_000] {
        let path = file("good.tkm", &model(elements));
        let direct = FileReader::open(&path, &LoadLimits::default(), &FileRules::default()).unwrap();
        for requirement in [Requirement::Hard, Requirement::BestEffort] {
            let options = Options { requirement, ..Options::default() };
            let loaded = sandboxed(&path, &options).unwrap();
            let (head, other) = (loaded.reader.head(), direct.head());
            assert_eq!(head.signed_payload(), other.signed_payload());
            assert_eq!((head.digest(), head.signatures()), (other.digest(), other.signatures()));
            for index in 0..head.manifest().tensors.len() {
                assert_eq!(loaded.reader.tensor(index).unwrap(), &direct.tensor(index).unwrap()[..]);
            }
            assert!(loaded.report.is_complete(), "{}", loaded.report);
            assert_eq!(loaded.report.iter().count(), Measure::ALL.len());
            let memory = head.file_length() + head.file_length() / 10 + (256 << 20);
            assert_eq!(loaded.report.get(Measure::Memory), Some(&Outcome::Enforced(memory.to_string())));
        }
    }
}

pub(super) fn bad_files_are_refused_as_without_a_sandbox() {
    let mut counts = BTreeMap::new();
    let corpus = [header::rows(), cbor::rows(), tensors::rows(), graph::rows()];
    for Row { name, code, make } in corpus.into_iter().flatten() {
        let content = make();
        // The large ones are refused for their limits, which smaller ones are too.
        if content.len() > 1 << 20 {
            continue;
        }
        let path = file("hostile.tkm", &content);
        let opened = FileRules::default().open(&path).unwrap();
        let direct = FileReader::from_file(opened, &LoadLimits::default()).and_then(|reader| reader.verify());
        let direct = direct.err().map(|error| error.within(path.to_str().unwrap()));
        assert_eq!(direct.as_ref().map(Error::code), code, "{name}");
        let contained = sandboxed(&path, &Options::default()).err();
        assert_eq!(contained, direct, "{name}");
        *counts.entry(direct.map_or("accepted", |error| error.code().as_str())).or_insert(0) += 1;
    }
    let rows: i32 = counts.values().sum();
    println!("{rows} rows: {counts:?}");
    assert!(rows >= 200 && counts.len() >= 15, "{counts:?}");
}

pub(super) fn limits_and_rules_are_the_callers() {
    let path = file("limits.tkm", &model(16));
    let (rules, options) = (FileRules::default(), Options::default());
    for limits in [
        LoadLimits { file: 4096, ..LoadLimits::default() },
        LoadLimits { tensors: 1, ..LoadLimits::default() },
        LoadLimits { tensor: 63, ..LoadLimits::default() },
        LoadLimits { signatures: 3, ..LoadLimits::default() },
    ] {
        assert_eq!(load(&path, &limits, &rules, &options).unwrap_err().code(), Code::Limit, "{limits:?}");
    }
    let link = path.with_file_name("link");
    let _ = std::fs::remove_file(&link);
    symlink(&path, &link).unwrap();
    let folder = path.parent().unwrap();
    for (path, code) in [(&*link, Code::FileType), (folder, Code::FileType), (&folder.join("none"), Code::Io)]
    {
        assert_eq!(sandboxed(path, &options).unwrap_err().code(), code, "{}", path.display());
    }
}
