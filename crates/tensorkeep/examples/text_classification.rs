//! Which language a line is written in: a convolution over characters that finds out by itself what to look for.
//!
//! ```text
//! cargo run --release -p tensorkeep --example text_classification
//! ```
//!
//! It reads what lies beside it: the other examples, their Python counterparts, pages and a manifest.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use tensorkeep::prelude::*;

/// A language and some of what is written in it.
const LANGUAGES: [(&str, &[&str]); 4] = [
    (
        "Rust",
        &[
            include_str!("save_and_load.rs"),
            include_str!("lenet.rs"),
            include_str!("vae.rs"),
            include_str!("spirals.rs"),
        ],
    ),
    (
        "Python",
        &[
            include_str!("python/char_lstm.py"),
            include_str!("python/nano_gpt.py"),
            include_str!("python/windows.py"),
        ],
    ),
    ("Markdown", &[include_str!("../README.md"), include_str!("README.md")]),
    ("TOML", &[include_str!("../Cargo.toml")]),
];
/// Characters of a line that are seen.
const LENGTH: usize = 60;
/// Lines that none of the files has.
const NEW: [&str; 8] = [
    "fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {",
    "let y = x.iter().map(|x| x * 2.0).collect::<Vec<_>>();",
    "def add(a, b):",
    "print(\"loss\", loss.item())",
    "The gradient of a model has the shape of the model.",
    "## What it is for",
    "name = \"spirals\"",
    "serde = { version = \"1\", features = [\"derive\"] }",
];

/// A line as numbers: those of ASCII, and 0 for every other character and where there is none.
fn encoded(line: &str) -> Vec<i32> {
    let known = line.trim().chars().map(|c| if c.is_ascii() { c as i32 } else { 0 });
    known.chain(std::iter::repeat(0)).take(LENGTH).collect()
}

/// The lines that are of the file's own language, and not a comment in Rust or a program in a page.
fn own_lines(file: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    file.lines().map(str::trim).filter(move |line| {
        fenced ^= line.starts_with("```");
        !fenced && line.len() > 5 && !line.starts_with("//") && !line.starts_with("```")
    })
}

/// All those lines, each with its language; one of five is kept for testing.
fn lines() -> Result<[TensorDataset; 2]> {
    let [mut train, mut test] = [(); 2].map(|()| (Vec::new(), Vec::new()));
    for (language, (_, files)) in LANGUAGES.iter().enumerate() {
        for (i, line) in files.iter().flat_map(|file| own_lines(file)).enumerate() {
            let part = if i % 5 == 0 { &mut test } else { &mut train };
            part.0.extend(encoded(line));
            part.1.push(language as i32);
        }
    }
    let set = |(x, y): (Vec<i32>, Vec<i32>)| {
        let shape = [y.len(), LENGTH];
        TensorDataset::new(
            HostArray::new(HostData::I32(x), shape)?,
            HostArray::new(HostData::I32(y), [shape[0]])?,
        )
    };
    Ok([set(train)?, set(test)?])
}

/// A vector for each character; a convolution along the line, whose largest results are kept wherever they are; a dense layer.
///
/// Source: Kim, *Convolutional Neural Networks for Sentence Classification*, 2014, arXiv:1408.5882, over characters.
fn model(rng: &mut Rng) -> Result<impl Layer + Clone + use<>> {
    let channels_first = |x: &Tensor| x.transpose(1, 2);
    let largest = |x: &Tensor| x.max([2], false);
    let look =
        (Embedding::new(128, 16, rng)?, channels_first, Conv::new([5], 16, 96, rng)?, Tensor::relu, largest);
    Ok((look, Dropout::new(0.3)?, Dense::new(96, LANGUAGES.len(), rng)?))
}

fn main() -> Result<()> {
    let device = tensorkeep::cpu::device();
    let [train, test] = lines()?;
    let mut model = model(&mut Rng::new(1, &device))?;
    let loader = Loader::new(train, 32, &device)?.shuffle(1);
    let mut optimiser = Optimiser::new(AdamW::new(0.005))?;
    let history = Fit::new(30, 1).rate(|done| 0.005 * (1.0 - done)).run(
        &mut model,
        &mut optimiser,
        &loader,
        |model, x, y, cx| cross_entropy(&model.forward_with(x, cx)?, y),
    )?;
    for (epoch, loss) in history.losses.iter().enumerate().step_by(10) {
        println!("epoch {:>2}  loss {loss:.4}", epoch + 1);
    }

    let tested = evaluate(&model, &Loader::new(test, 100, &device)?)?;
    let names = LANGUAGES.map(|(name, _)| name);
    println!("\n{}\n{}\n", names.join(", "), tested.confusion);
    let x = Tensor::new(NEW.map(encoded).to_vec(), &device)?;
    let chances = model.forward(&x)?.softmax()?.to_vec::<f32>()?;
    let mut right = 0;
    for (i, (line, chances)) in NEW.iter().zip(chances.chunks(LANGUAGES.len())).enumerate() {
        let best = (0..chances.len()).fold(0, |best, j| if chances[j] > chances[best] { j } else { best });
        println!("{:>8} {:>3.0} %  {line}", names[best], chances[best] * 100.0);
        // Two lines of each language, in their order.
        right += usize::from(best == i / 2);
    }
    assert!(tested.confusion.accuracy() > 0.85, "accuracy {}", tested.confusion.accuracy());
    assert!(right >= 6, "{right} of {} new lines", NEW.len());
    Ok(())
}

#[test]
fn runs() -> Result<()> {
    main()
}
