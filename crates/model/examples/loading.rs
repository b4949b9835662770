//! What verification costs: writes a file of 1 GiB, reads it without and with checks from the page cache, in turn,
//! and prints the best time of each and the most memory that each took beside the tensors.
//!
//! `cargo run --release -p tensorkeep-model --example loading -- FILE [ROUNDS]`

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::time::Instant;

use tensorkeep_format::{FileReader, FileRules, LoadLimits, StreamReader, TensorBytes};
use tensorkeep_model::{LoadOptions, Save, load_into};
use tensorkeep_tensor::{DType, Tensor};

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
    let ways: [Way; 6] = [
        ("read, nothing checked", unverified),
        ("read, all checked", verified),
        ("streamed, all checked", streamed),
        ("checked, nothing kept", unkept),
        ("tensors, not checked", unchecked_tensors),
        ("loaded into a model", loaded),
    ];
    let mut best = [(f64::INFINITY, 0); 6];
    for _ in 0..rounds {
        for ((_, read), best) in ways.iter().zip(&mut best) {
            let before = resident("VmRSS");
            // Starts the count of the peak anew, where the system can.
            std::fs::write("/proc/self/clear_refs", "5").unwrap_or_default();
            let start = Instant::now();
            read(&path)?;
            best.0 = best.0.min(start.elapsed().as_secs_f64());
            best.1 = resident("VmHWM") - before;
        }
    }
    let mut out = std::io::stdout();
    writeln!(out, "{:22} {:>7}  {:>8}  beside the tensors", "", "time", "")?;
    for ((name, _), (time, peak)) in ways.iter().zip(best) {
        let more = peak as f64 / 1024.0 - TENSORS as f64 * LENGTH as f64 / f64::from(1 << 20);
        writeln!(out, "{name:22} {time:.3} s  {:+6.1} %  {more:.1} MiB", (time / best[0].0 - 1.0) * 100.0)?;
    }
    Ok(())
}

/// A line of the process's status, in KiB; 0 where there is none.
fn resident(name: &str) -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}

fn model(
    fill: impl Fn(usize) -> tensorkeep_tensor::Result<Tensor>,
) -> tensorkeep_tensor::Result<Vec<Tensor>> {
    (0..TENSORS).map(fill).collect()
}

/// What [`loaded`] does without looking at anything.
fn unchecked_tensors(path: &str) -> Result<()> {
    let device = tensorkeep_cpu::device();
    let mut file = data(path)?;
    let tensor =
        |_| Tensor::written_by(DType::F32, [ELEMENTS as usize], &device, |bytes| read(&mut file, bytes));
    drop((0..TENSORS).map(tensor).collect::<Result<Vec<_>>>()?);
    device.trim();
    Ok(())
}

fn loaded(path: &str) -> Result<()> {
    let device = tensorkeep_cpu::device();
    let mut model = model(|_| Tensor::zeros([ELEMENTS as usize], DType::F32, &device))?;
    load_into(&mut model, path, &LoadOptions::strict().insecure_allow_unsigned())?;
    drop(model);
    device.trim();
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

fn write(path: &str) -> Result<()> {
    let device = tensorkeep_cpu::device();
    model(|i| Tensor::arange(ELEMENTS as usize, DType::F32, &device)?.add(i as f64))?.save(path)?;
    device.trim();
    Ok(())
}

/// The same copies into the same kind of memory, in the same blocks, with nothing looked at.
fn unverified(path: &str) -> Result<()> {
    let mut file = data(path)?;
    let mut tensors = Vec::new();
    for _ in 0..TENSORS {
        let mut bytes = TensorBytes::zeroed(LENGTH)?;
        read(&mut file, &mut bytes)?;
        tensors.push(bytes);
    }
    std::hint::black_box(tensors);
    Ok(())
}

/// The file, from its first tensor on.
fn data(path: &str) -> Result<File> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size - TENSORS as u64 * LENGTH))?;
    Ok(file)
}

fn read(file: &mut File, bytes: &mut [u8]) -> Result<()> {
    Ok(bytes.chunks_mut(2 << 20).try_for_each(|block| file.read_exact(block))?)
}
