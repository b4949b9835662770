//! `convert`: between formats, and what it refuses to lose.

use std::fs;

use tensorkeep_format::{Array, DType, LoadLimits, Rename, SafeTensors, Shape, SliceReader, read_npy};

use crate::{Folder, Row, all_end_so, sample, tensorkeep};

#[test]
fn tensors_survive_every_way() {
    let folder = Folder::new("convert-ways");
    let start = folder.write("a.tkm", sample::plain("acme/pair"));
    let mut from = start;
    for to in ["b.safetensors", "c.npz", "d.safetensors", "e.tkm", "f.npz", "g.tkm"] {
        let to = folder.join(to);
        // A container of plain() has metadata for nobody to lose.
        tensorkeep(&["convert", &from, &to]).succeeded();
        #[cfg(unix)]
        assert_eq!(crate::rights(&to), 0o600);
        from = to;
    }
    let bytes = folder.read("g.tkm");
    let reader = SliceReader::new(bytes, &LoadLimits::default()).unwrap();
    let manifest = reader.head().manifest();
    assert_eq!(manifest.id, "g");
    for (name, values) in [("dense.weight", &[1.0, -2.0, 0.0, 3.0][..]), ("dense.bias", &[0.5, 0.5])] {
        let place = manifest.position(name).unwrap();
        let want: Vec<u8> = values.iter().flat_map(|value: &f32| value.to_le_bytes()).collect();
        assert_eq!(reader.tensor(place).unwrap(), want, "{name}");
    }
    assert_eq!(manifest.tensors[manifest.position("dense.weight").unwrap()].shape.dims(), [2, 2]);
}

#[test]
fn names_and_notes_are_carried() {
    let folder = Folder::new("convert-names");
    let (w, b) = (sample::floats(&[1], &[1.0]), sample::floats(&[1], &[2.0]));
    let tensors = [("module.fc.weight", &w), ("module.fc.bias", &b)];
    let from = folder.write("from.safetensors", sample::safetensors(&tensors, &[("format", "pt")]));
    let to = folder.join("to.tkm");
    let rename = [
        "--rename",
        "module.*=*",
        "--rename",
        "fc.*=head.*",
        "--rename",
        "head.bias=offset",
        "--id",
        "acme/head",
        "--kind",
        "dataset",
    ];
    tensorkeep(&[&["convert", &from, &to], &rename[..]].concat()).succeeded();
    let reader = SliceReader::new(folder.read("to.tkm"), &LoadLimits::default()).unwrap();
    let manifest = reader.head().manifest();
    assert_eq!((manifest.id.as_str(), manifest.kind.name()), ("acme/head", "dataset"));
    assert_eq!(manifest.metadata.get("format").map(String::as_str), Some("pt"));
    assert!(manifest.position("head.weight").is_some() && manifest.position("offset").is_some());
    // And back, from a container with rules.
    let back = folder.join("back.safetensors");
    tensorkeep(&[
        "convert",
        &to,
        &back,
        "--rename",
        "head.*=module.fc.*",
        "--rename",
        "offset=module.fc.bias",
    ])
    .succeeded();
    assert_eq!(folder.read("back.safetensors"), folder.read("from.safetensors"));
    // An array without a name is called as its file.
    let npy = folder.write("scale.npy", sample::npy(&w));
    let named = folder.join("named.safetensors");
    tensorkeep(&["convert", &npy, &named]).succeeded();
    let bytes = folder.read("named.safetensors");
    let read = SafeTensors::read(&bytes, &LoadLimits::default(), &Rename::default()).unwrap();
    assert_eq!(read.tensor("scale").unwrap(), w);
}

#[test]
fn nothing_is_lost_unasked() {
    let folder = Folder::new("convert-lossy");
    let floats = sample::floats(&[2], &[1.0, f32::INFINITY]);
    let halves = Array::new(DType::BF16, Shape::new(&[2]).unwrap(), &[0x80, 0x3f, 0x00, 0xc0][..]).unwrap();
    let model = folder.write("model.tkm", sample::model("acme/pair"));
    let half = folder.write("half.safetensors", sample::safetensors(&[("h", &halves)], &[]));
    let noted = folder.write("noted.safetensors", sample::safetensors(&[("h", &halves)], &[("a", "b")]));
    let infinite = folder.write("infinite.npy", sample::npy(&floats));
    let wrong = folder.write("wrong.npz", sample::npy(&floats));
    let pickle = folder.write("model.pt", b"\x80\x02}q\0.");
    let taken = folder.write("taken.npz", "mine");
    let out = |name: &str| folder.join(name);
    let rows: [Row<'_>; 20] = [
        (
            &["convert", &model, &out("a.safetensors")],
            1,
            "no place for the architecture, the release and its date: ",
        ),
        (
            &["convert", &model, &out("a.safetensors"), "--lossy"],
            0,
            "left out: the architecture, the release and its date\n",
        ),
        (&["convert", &model, &out("a.npz"), "--lossy"], 0, "the metadata\n"),
        (&["convert", &model, &out("a.npy"), "--lossy"], 1, "there are 2: write .npz"),
        (&["convert", &half, &out("h.npy")], 1, "D_TYPE: tensor \"h\" is bf16"),
        (&["convert", &half, &out("h.npy"), "--widen"], 0, "1 of them were bf16 and are f32\n"),
        (&["convert", &half, &out("h.tkm"), "--widen"], 0, "h.tkm: 1 tensors\n"),
        (&["convert", &noted, &out("n.npz"), "--widen"], 1, "no place for the metadata"),
        (&["convert", &infinite, &out("i.tkm")], 1, "say --nonfinite"),
        (&["convert", &infinite, &out("i.tkm"), "--nonfinite"], 0, "i.tkm: 1 tensors\n"),
        (&["convert", &out("i.tkm"), &out("i.npz")], 1, "say --nonfinite"),
        (&["convert", &wrong, &out("w.tkm")], 1, "its name says npz and its content npy"),
        (&["convert", &pickle, &out("p.tkm")], 1, "a Python pickle"),
        (&["convert", &half, &out("h.pt")], 1, "use .tkm, .safetensors, .npz or .npy"),
        (&["convert", &half, &out("h2.npz"), "--id", "x"], 1, "--id and --kind are for a .tkm file"),
        (&["convert", &half, &out("h3.tkm"), "--rename", "x=y"], 1, "fits no tensor"),
        (&["convert", &half, &out("h3.tkm"), "--rename", "x"], 2, "use OLD=NEW"),
        (&["convert", &half, &out("h3.tkm"), "--id", "no good"], 1, "E_NAME"),
        (&["convert", &half, &taken, "--widen"], 1, "say --force"),
        (&["convert", &half, &out("none/h.tkm")], 1, "E_IO"),
    ];
    all_end_so(&rows);
    for refused in ["a.npy", "n.npz", "i.npz", "w.tkm", "p.tkm", "h.pt", "h2.npz", "h3.tkm"] {
        assert!(!folder.path().join(refused).exists(), "{refused} is there");
    }
    assert_eq!(fs::read(&taken).unwrap(), b"mine");
    tensorkeep(&["convert", &half, &taken, "--widen", "--force"]).succeeded();
    let widened = folder.read("h.npy");
    assert_eq!(read_npy(&widened, &LoadLimits::default()).unwrap(), sample::floats(&[2], &[1.0, -2.0]));
}
