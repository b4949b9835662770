//! What verification costs: writes a file of 1 GiB, reads it without and with checks from the page cache, in turn,
//! and prints the best time of each and the peak of memory.
//!
//! `cargo run --release -p tensorkeep-format --example loading -- FILE [ROUNDS]`

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::time::Instant;

use tensorkeep_format::{
    DType, FileReader, FileRules, Kind, LoadLimits, Manifest, Shape, StreamReader, Tensor, TensorBytes,
    Writer,
};

const TENSORS: usize = 64;
const ELEMENTS: u64 = 4 << 20;
const LENGTH: u64 = ELEMENTS * size_of::<f32>() as u64;

/// A name, and a way to read the file at a path.
type Way = (&'static str, fn(&str) -> Result<()>);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("name the file that is to be written")?;
    let rounds = arguments.next().map_or(Ok(5), |rounds| rounds.parse())?;
    write(&path)?;
    let ways: [Way; 4] = [
        ("read, nothing checked", unverified),
        ("read, all checked", verified),
        ("streamed, all checked", streamed),
        ("checked, nothing kept", unkept),
    ];
    let mut best = [f64::INFINITY; 4];
    for _ in 0..rounds {
        for ((_, read), best) in ways.iter().zip(&mut best) {
            let start = Instant::now();
            read(&path)?;
            *best = best.min(start.elapsed().as_secs_f64());
        }
    }
    let mut out = std::io::stdout();
    for ((name, _), time) in ways.iter().zip(best) {
        writeln!(out, "{name:22} {time:.3} s  {:+.1} %", (time / best[0] - 1.0) * 100.0)?;
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or("the peak of memory is not known here");
    writeln!(out, "tensors: {} kB; {peak}", TENSORS as u64 * LENGTH / 1024)?;
    Ok(())
}

fn verified(path: &str) -> Result<()> {
    let reader = FileReader::open(path, &LoadLimits::default(), &FileRules::default())?;
    let tensors: Vec<_> = (0..TENSORS).map(|i| reader.tensor(i)).collect::<std::result::Result<_, _>>()?;
    std::hint::black_box(tensors);
    Ok(())
}

fn streamed(path: &str) -> Result<()> {
    let mut reader = StreamReader::new(File::open(path)?, &LoadLimits::default())?;
    let mut tensors = Vec::new();
    while let Some(tensor) = reader.next_tensor()? {
        tensors.push(tensor);
    }
    std::hint::black_box(tensors);
    Ok(())
}

fn unkept(path: &str) -> Result<()> {
    Ok(StreamReader::new(File::open(path)?, &LoadLimits::default())?.verify().map(drop)?)
}

fn bytes(tensor: usize) -> Vec<u8> {
    (0..ELEMENTS).flat_map(|i| ((i ^ tensor as u64) as f32).to_le_bytes()).collect()
}

fn write(path: &str) -> Result<()> {
    let limits = LoadLimits::default();
    let mut manifest = Manifest::new(Kind::Model, "example/loading");
    for i in 0..TENSORS {
        manifest.push(Tensor::new(&format!("t{i}"), DType::F32, Shape::new(&[ELEMENTS])?, &bytes(i))?)?;
    }
    let mut writer = Writer::new(BufWriter::new(File::create(path)?), &manifest, None, &limits)?;
    (0..TENSORS).try_for_each(|i| writer.update(&bytes(i)))?;
    writer.finish()?;
    Ok(())
}

/// The same copies into the same kind of memory, in the same blocks, with nothing looked at.
fn unverified(path: &str) -> Result<()> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size - TENSORS as u64 * LENGTH))?;
    let mut tensors = Vec::new();
    for _ in 0..TENSORS {
        let mut bytes = TensorBytes::zeroed(LENGTH)?;
        bytes.chunks_mut(2 << 20).try_for_each(|block| file.read_exact(block))?;
        tensors.push(bytes);
    }
    std::hint::black_box(tensors);
    Ok(())
}
