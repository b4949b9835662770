//! A folder with a folder of images for each class.

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tensorkeep_tensor::{Error, ErrorKind, HostArray, HostData, Result};

use crate::rows::out_of_range;
use crate::source::{read_error, shown, with_file};
use crate::{Classes, Dataset, Pair, read_netpbm, stack};

const OP: &str = "image_folder";

/// Turns the bytes of a file into an image, `[channels, height, width]`.
pub type Decode = dyn Fn(&[u8]) -> Result<HostArray> + Send + Sync;

/// How an [`ImageFolder`] is read.
///
/// ```
/// use tensorkeep_data::ImageFolderOptions;
///
/// // Ask an image library for what it can read; here one that knows a single picture.
/// let options = ImageFolderOptions::default().decode(&["dot"], |_| tensorkeep_data::read_netpbm(b"P2 1 1 1 1"));
/// # let _ = options;
/// ```
#[derive(Clone)]
pub struct ImageFolderOptions {
    /// The most images.
    pub images: usize,
    /// The most classes.
    pub classes: usize,
    /// The most bytes of a file.
    pub bytes: u64,
    /// Endings of file names, in lower case, and who reads such files. The first that fits is taken.
    pub decoders: Vec<(String, Arc<Decode>)>,
}

impl Default for ImageFolderOptions {
    /// 10 million images in 65,536 classes, 16 MiB a file; PGM and PPM, by [`read_netpbm`].
    fn default() -> Self {
        let options = Self { images: 10_000_000, classes: 1 << 16, bytes: 16 << 20, decoders: Vec::new() };
        options.decode(&["pgm", "ppm", "pnm"], |bytes| read_netpbm(bytes))
    }
}

impl ImageFolderOptions {
    /// The same with files of these endings read by `decode`, before those known so far. What it gives is
    /// `[channels, height, width]`, of one dtype.
    #[must_use]
    pub fn decode(
        mut self,
        endings: &[&str],
        decode: impl Fn(&[u8]) -> Result<HostArray> + Send + Sync + 'static,
    ) -> Self {
        let decode: Arc<Decode> = Arc::new(decode);
        let known = endings.iter().map(|ending| (ending.to_lowercase(), Arc::clone(&decode)));
        self.decoders.splice(0..0, known);
        self
    }

    fn decoder(&self, path: &Path) -> Option<&Arc<Decode>> {
        let ending = path.extension()?.to_str()?.to_lowercase();
        self.decoders.iter().find(|(known, _)| *known == ending).map(|(_, decode)| decode)
    }
}

impl fmt::Debug for ImageFolderOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endings: Vec<&String> = self.decoders.iter().map(|(ending, _)| ending).collect();
        f.debug_struct("ImageFolderOptions")
            .field("images", &self.images)
            .field("classes", &self.classes)
            .field("bytes", &self.bytes)
            .field("endings", &endings)
            .finish()
    }
}

/// Images in a folder that has a folder for each class: `cats/1.ppm`, `cats/2.ppm`, `dogs/a.ppm`.
///
/// | | shape | dtype |
/// |---|---|---|
/// | inputs | `[n, channels, height, width]` | that of the decoder; `f32` in 0 to 1 for PGM and PPM |
/// | targets | `[n]` | `i32`, the number of the class |
///
/// Classes, and the images of each, are in the order of their names, on every file system the same. Names that begin with a dot, and
/// files of other endings, are left out. Files are opened when a batch needs them; the images of a batch must be of one
/// size. Symbolic links are refused, so what is read lies in the folder; whoever may change the folder while it is read is trusted.
///
/// ```no_run
/// use tensorkeep_data::{Dataset, ImageFolder};
///
/// let (train, test) = ImageFolder::open("photos")?.split(0.2, 42)?;
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageFolder {
    classes: Classes<String>,
    images: Vec<(PathBuf, usize)>,
    options: ImageFolderOptions,
}

impl ImageFolder {
    /// The images in a folder, under the default options.
    ///
    /// # Errors
    ///
    /// Those of [`open_with`](Self::open_with).
    #[track_caller]
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(folder, ImageFolderOptions::default())
    }

    /// The images in a folder. Names are read, files are not.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if the folder cannot be read; [`ErrorKind::Value`] if there is no class, a class has no image, a name is no
    /// Unicode, or something is a symbolic link; [`ErrorKind::Limit`] beyond the limits.
    #[track_caller]
    pub fn open_with(folder: impl AsRef<Path>, options: ImageFolderOptions) -> Result<Self> {
        let folder = folder.as_ref();
        let mut names = Vec::new();
        let mut images = Vec::new();
        for (name, path) in entries(folder, options.classes, Entry::Folder)? {
            let before = images.len();
            let files = entries(&path, options.images.saturating_sub(before), Entry::File(&options))?;
            images.extend(files.into_iter().map(|(_, path)| (path, names.len())));
            if images.len() == before {
                let message = format!(
                    "no image in {}: put some there, or name a decoder for their endings",
                    shown(&path)
                );
                return Err(Error::value(OP, message));
            }
            names.push(name);
        }
        if names.is_empty() {
            let message =
                format!("no folders in {}: put one there for each class, with its images", shown(folder));
            return Err(Error::value(OP, message));
        }
        Ok(Self { classes: Classes::new(names)?, images, options })
    }

    /// The classes, named as their folders are.
    pub fn classes(&self) -> &Classes<String> {
        &self.classes
    }

    /// The file of an example.
    pub fn path(&self, i: usize) -> Option<&Path> {
        self.images.get(i).map(|(path, _)| path.as_path())
    }

    fn image(&self, i: usize) -> Result<(HostArray, i32)> {
        let (path, class) = self.images.get(i).ok_or_else(|| out_of_range(i, self.images.len()))?;
        // A pipe would wait for a writer, so what is no file is not opened.
        if !fs::symlink_metadata(path).is_ok_and(|now| now.is_file()) {
            let message = format!("{} is no file any more: open the folder again", shown(path));
            return Err(Error::new(ErrorKind::Io, OP, message));
        }
        let image = with_file(OP, path, |file| {
            let mut bytes = Vec::new();
            let limit = self.options.bytes;
            file.take(limit.saturating_add(1))
                .read_to_end(&mut bytes)
                .map_err(|error| read_error(OP, error))?;
            if bytes.len() as u64 > limit {
                let message = format!("more than {limit} bytes, the limit: raise ImageFolderOptions::bytes");
                return Err(Error::new(ErrorKind::Limit, OP, message));
            }
            let decode = self
                .options
                .decoder(path)
                .ok_or_else(|| Error::internal(OP, "no decoder for a listed file"))?;
            let image = decode(&bytes)?;
            match image.shape().rank() {
                3 => Ok(image),
                _ => Err(Error::shape(OP, "an image is [channels, height, width]", &[*image.shape()])
                    .advise("mend the decoder")),
            }
        })?;
        // At most 2²⁴ classes.
        Ok((image, *class as i32))
    }
}

impl Dataset for ImageFolder {
    fn len(&self) -> usize {
        self.images.len()
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        let examples: Vec<(HostArray, i32)> =
            indices.iter().map(|&i| self.image(i)).collect::<Result<_>>()?;
        let (images, classes): (Vec<HostArray>, Vec<i32>) = examples.into_iter().unzip();
        if let Some((at, other)) =
            images.iter().enumerate().find(|(_, image)| image.shape() != images[0].shape())
        {
            let names =
                [0, at].map(|at| indices.get(at).and_then(|&i| self.path(i)).map(shown).unwrap_or_default());
            let rule = format!("{} and {} differ in size", names[0], names[1]);
            return Err(
                Error::shape(OP, rule, &[*images[0].shape(), *other.shape()]).advise("make all images alike")
            );
        }
        let count = classes.len();
        Ok((stack(&images)?, HostArray::new(HostData::I32(classes), [count])?))
    }

    fn labels(&self) -> Result<Vec<i64>> {
        // At most 2²⁴ classes.
        Ok(self.images.iter().map(|(_, class)| *class as i64).collect())
    }
}

/// What is looked for in a folder.
enum Entry<'a> {
    Folder,
    /// A file that has a decoder.
    File(&'a ImageFolderOptions),
}

/// The entries of a folder with their names, in the order of these, at most so many.
fn entries(folder: &Path, limit: usize, wanted: Entry<'_>) -> Result<Vec<(String, PathBuf)>> {
    let failed = |error: std::io::Error| {
        let error = read_error(OP, error);
        Error::new(error.kind(), OP, format!("{}: {}", shown(folder), error.message()))
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if kind.is_symlink() {
            let message =
                format!("{} is a symbolic link: copy what it points to, or move it away", shown(&path));
            return Err(Error::value(OP, message));
        }
        let fits = match wanted {
            Entry::Folder => kind.is_dir(),
            Entry::File(options) => kind.is_file() && options.decoder(&path).is_some(),
        };
        if !fits {
            continue;
        }
        let Ok(name) = entry.file_name().into_string() else {
            let message = format!("the name of {} is no Unicode: rename it", shown(&path));
            return Err(Error::value(OP, message));
        };
        if found.len() == limit {
            let message = format!(
                "{} has more entries than are left of the limit, {limit}: raise ImageFolderOptions",
                shown(folder)
            );
            return Err(Error::new(ErrorKind::Limit, OP, message));
        }
        found.push((name, path));
    }
    found.sort();
    Ok(found)
}
