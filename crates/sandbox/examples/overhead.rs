//! What the sandbox costs: writes models of several sizes, loads each with and without it, in turn, and prints the
//! median and the best of both.
//!
//! `cargo run --release -p tensorkeep-sandbox --example overhead -- FOLDER [ROUNDS]`

use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use tensorkeep_format::{DType, FileReader, FileRules, Kind, LoadLimits, Manifest, Shape, Tensor, write};
use tensorkeep_sandbox::{Options, load};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    tensorkeep_sandbox::child_entry();

    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder for the models")?;
    let rounds = arguments.next().map_or(Ok(31), |rounds| rounds.parse())?;
    let mut out = std::io::stdout();
    for elements in [1, 1 << 18, 1 << 22, 1 << 26] {
        let path = Path::new(&folder).join("overhead.tkm");
        write_model(&path, elements)?;
        let (mut direct, mut sandboxed) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            direct.push(timed(|| {
                let reader = FileReader::open(&path, &LoadLimits::default(), &FileRules::default())?;
                std::hint::black_box(reader.tensor(0)?);
                Ok(())
            })?);
            sandboxed.push(timed(|| {
                let loaded = load(&path, &LoadLimits::default(), &FileRules::default(), &Options::default())?;
                std::hint::black_box(loaded.reader.tensor(0)?);
                Ok(())
            })?);
        }
        let [direct, sandboxed] = [direct, sandboxed].map(summary);
        writeln!(out, "{:>9} kB: without {direct}; in the sandbox {sandboxed}", elements * 4 / 1024)?;
        std::fs::remove_file(path)?;
    }
    Ok(())
}

fn write_model(path: &Path, elements: u64) -> Result<()> {
    let bytes: Vec<u8> = (0..elements).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let mut manifest = Manifest::new(Kind::Model, "example/overhead");
    manifest.push(Tensor::new("weight", DType::F32, Shape::new(&[elements])?, &bytes)?)?;
    Ok(write(BufWriter::new(std::fs::File::create(path)?), &manifest, None, [&bytes[..]])?)
}

fn timed(run: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    run()?;
    Ok(start.elapsed())
}

fn summary(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |place: usize| times.get(place).copied().unwrap_or_default().as_secs_f64() * 1e3;
    format!("{:.2} ms (best {:.2})", at(times.len() / 2), at(0))
}
