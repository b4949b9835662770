//! Folders of images: what is read, and what strangers may have put there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use std::fs;
use std::path::{Path, PathBuf};

use tensorkeep_data::{Dataset, ImageFolder, ImageFolderOptions};
use tensorkeep_tensor::{ErrorKind, HostData, ToHostArray};
use tensorkeep_testkit::refusal;

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("images-{name}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, content: &[u8]) -> &Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A grey image of one row.
fn grey(pixels: &[u8]) -> Vec<u8> {
    [format!("P5 {} 1 4\n", pixels.len()).as_bytes(), pixels].concat()
}

#[test]
fn images_come_in_the_order_of_their_names() {
    let folder = Folder::new("order");
    folder.write("dogs/b.PGM", &grey(&[1, 2])).write("dogs/a.pnm", &grey(&[3, 4]));
    folder.write("cats/10.pgm", &grey(&[0, 1])).write("cats/9.pgm", &grey(&[2, 0]));
    folder
        .write("cats/.hidden.pgm", b"")
        .write("cats/notes.txt", b"")
        .write("README", b"")
        .write(".git/x.pgm", b"");
    let set = ImageFolder::open(folder.path()).unwrap();
    assert_eq!(set.classes().labels(), ["cats", "dogs"]);
    assert_eq!(set.labels().unwrap(), [0, 0, 1, 1]);
    assert!(set.path(0).unwrap().ends_with("cats/10.pgm") && set.path(4).is_none());
    let (x, y) = set.batch(&[3, 0, 2]).unwrap();
    assert_eq!(*x.shape(), [3, 1, 1, 2]);
    assert_eq!(*x.data(), HostData::F32(vec![0.25, 0.5, 0.0, 0.25, 0.75, 1.0]));
    assert_eq!(y, [1, 0, 1].to_host_array().unwrap());
    assert_eq!(set.batch(&[4]).unwrap_err().kind(), ErrorKind::Index);
}

#[test]
fn other_formats_have_decoders_of_their_own() {
    let folder = Folder::new("decoders");
    folder.write("a/1.raw", &[7, 8, 9]).write("a/2.pgm", &grey(&[4, 4, 4]));
    let raw = |bytes: &[u8]| [[bytes.to_vec()]].to_host_array();
    let options = ImageFolderOptions::default().decode(&["RAW"], raw);
    let set = ImageFolder::open_with(folder.path(), options.clone()).unwrap();
    assert_eq!(*set.batch(&[0]).unwrap().0.data(), HostData::U8(vec![7, 8, 9]));
    assert_eq!(set.batch(&[0, 1]).unwrap_err().kind(), ErrorKind::DType);
    // The last word on an ending is that of the latest decoder.
    let set = ImageFolder::open_with(folder.path(), options.decode(&["pgm"], raw)).unwrap();
    assert_eq!(set.len(), 2);
    assert_eq!(set.batch(&[1]).unwrap().0.shape()[3], 12);
}

#[test]
fn bad_folders_are_refused() {
    let open = |folder: &Folder| refusal(ImageFolder::open(folder.path()));
    let batch = |folder: &Folder, options: ImageFolderOptions| {
        refusal(ImageFolder::open_with(folder.path(), options).unwrap().batch(&[0, 1]))
    };
    let limited = |folder: &Folder, options| refusal(ImageFolder::open_with(folder.path(), options));
    let standard = ImageFolderOptions::default;
    let [empty, hollow, two, sizes, torn] = ["empty", "hollow", "two", "sizes", "torn"].map(Folder::new);
    hollow.write("a/x.pgm", &grey(&[1])).write("b/x.jpg", b"");
    two.write("a/x.pgm", &grey(&[1])).write("b/x.pgm", &grey(&[1]));
    sizes.write("a/x.pgm", &grey(&[1])).write("b/y.pgm", &grey(&[1, 2]));
    torn.write("a/x.pgm", &grey(&[1])).write("b/\u{1b}[2J.pgm", b"P5 9 9 4\n");
    let flat = standard().decode(&["pgm"], |bytes| bytes.to_vec().to_host_array());
    let rows = [
        (open(&empty), "value: no folders in "),
        (refusal(ImageFolder::open(empty.path().join("nowhere"))), "io: "),
        (open(&hollow), "value: no image in "),
        (limited(&two, ImageFolderOptions { classes: 1, ..standard() }), "limit: "),
        (limited(&two, ImageFolderOptions { images: 1, ..standard() }), "limit: "),
        (batch(&two, ImageFolderOptions { bytes: 9, ..standard() }), "limit: "),
        (batch(&two, flat), "shape: "),
        (batch(&sizes, standard()), "shape: "),
        (batch(&torn, standard()), "format: "),
    ];
    for (i, (got, want)) in rows.iter().enumerate() {
        assert!(got.starts_with(want), "row {i}: {got}");
        assert!(!got.contains('\u{1b}'), "row {i}: {got:?}");
    }
    assert!(rows[7].0.contains("x.pgm and ") && rows[7].0.contains("y.pgm differ in size"), "{}", rows[7].0);
    assert!(rows[8].0.contains("[2J.pgm: the file has not 9 × 9 pixels"), "{}", rows[8].0);
}

#[cfg(unix)]
#[test]
fn links_are_refused() {
    use std::os::unix::fs::symlink;
    let outside = Folder::new("outside");
    outside.write("secret.pgm", &grey(&[1]));
    let [file, class] = ["link-file", "link-class"].map(Folder::new);
    file.write("a/x.pgm", &grey(&[1]));
    class.write("a/x.pgm", &grey(&[1]));
    symlink(outside.path().join("secret.pgm"), file.path().join("a/y.pgm")).unwrap();
    symlink(outside.path(), class.path().join("b")).unwrap();
    for folder in [&file, &class] {
        let error = ImageFolder::open(folder.path()).unwrap_err();
        assert!(error.message().contains("is a symbolic link"), "{error}");
    }
    // What became a link since is not followed either.
    fs::remove_file(file.path().join("a/y.pgm")).unwrap();
    let set = ImageFolder::open(file.path()).unwrap();
    fs::remove_file(file.path().join("a/x.pgm")).unwrap();
    symlink(outside.path().join("secret.pgm"), file.path().join("a/x.pgm")).unwrap();
    assert_eq!(set.batch(&[0]).unwrap_err().kind(), ErrorKind::Io);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_are_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new("bytes");
    fs::create_dir_all(folder.path().join(OsStr::from_bytes(b"cats\xff"))).unwrap();
    let error = ImageFolder::open(folder.path()).unwrap_err();
    assert!(error.message().contains("is no Unicode"), "{error}");
}
