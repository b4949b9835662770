//! What an example is started with: `[--data PATH] [--out FOLDER]`.

use std::path::PathBuf;

use tensorkeep::{Error, ErrorKind, Result};

/// Where to read, and where to draw.
pub(crate) struct Arguments {
    /// What to learn from; without it, an example learns from what is embedded, for a shorter time.
    pub(crate) data: Option<PathBuf>,
    /// The folder that pictures are written to.
    out: PathBuf,
}

impl Arguments {
    /// No arguments: embedded data, and pictures below `target`.
    pub(crate) fn none() -> Self {
        Self { data: None, out: [env!("CARGO_MANIFEST_DIR"), "..", "..", "target", "drawn"].iter().collect() }
    }

    /// Those of the command line.
    pub(crate) fn read() -> Result<Self> {
        let (mut arguments, mut words) = (Self::none(), std::env::args_os().skip(1));
        while let Some(word) = words.next() {
            let place = words.next().map(PathBuf::from);
            match (word.to_str(), place) {
                (Some("--data"), Some(place)) => arguments.data = Some(place),
                (Some("--out"), Some(place)) => arguments.out = place,
                _ => {
                    let message = format!("{}: use --data PATH and --out FOLDER", word.display());
                    return Err(Error::value("arguments", message));
                }
            }
        }
        Ok(arguments)
    }

    /// The place of a picture of this name, in a folder that exists.
    #[allow(dead_code, reason = "some examples draw in the terminal alone")]
    pub(crate) fn picture(&self, name: &str) -> Result<PathBuf> {
        let path = self.out.join(name);
        std::fs::create_dir_all(&self.out).map_err(|error| {
            let message = format!("{}: {error}: choose another --out", self.out.display());
            Error::new(ErrorKind::Io, "arguments", message)
        })?;
        Ok(path)
    }
}
