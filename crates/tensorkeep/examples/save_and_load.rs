//! A model that is trained, signed and saved here, and loaded elsewhere by a program that does not build it.
//!
//! ```text
//! cargo run --release -p tensorkeep --example save_and_load
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::path::Path;

use tensorkeep::data::digits;
use tensorkeep::prelude::*;
use tensorkeep::storage;
use tensorkeep::trust::{Algorithm, PublicKey, SecretKey, TrustStore};

/// Trains for a moment on the embedded digits, and saves what came of it, signed. Returns what it thinks of a few digits.
fn train_and_save(path: &Path, key: &SecretKey) -> Result<Vec<i32>> {
    let device = tensorkeep::cpu::device();
    let mut rng = Rng::new(1, &device);
    let mut model = (Flatten, Dense::new(64, 32, &mut rng)?, Tensor::relu, Dense::new(32, 10, &mut rng)?);
    let loader = Loader::new(digits()?, 64, &device)?.shuffle(1);
    let mut optimiser = Optimiser::new(AdamW::new(0.01))?;
    let loss = |model: &_, x: &Tensor, y: &Tensor, cx: &Context| {
        cross_entropy(&Layer::forward_with(model, x, cx)?, y)
    };
    let history = Fit::new(3, 1).run(&mut model, &mut optimiser, &loader, loss)?;
    println!("trained     loss {:.3}", history.losses.last().copied().unwrap_or(f64::NAN));

    // One line saves the tensors: `model.save(path)?`. With the architecture, others need not build the model.
    let pictures = [None, Some(1), Some(8), Some(8)];
    let blueprint =
        Blueprint::of(&model, &pictures, DType::F32)?.labels((0..10).map(|digit| digit.to_string()));
    let options = SaveOptions::new("acme/digits").release(1).architecture(blueprint).sign(key);
    let saved = model.save_with(path, &options)?;
    println!("saved       {} tensors, digest {}", saved.tensors, saved.digest);
    predict(&model)
}

/// Loads the model: from a file, a public key and a list of layers. No code comes with it.
fn load(path: &Path, key: &PublicKey) -> Result<Vec<i32>> {
    // This stands in a file, and says which keys are trusted for what. Whatever refuses something gives the one error in the end.
    let store = TrustStore::parse(&format!(
        r#"
version = 1
[[key]]
name = "alice"
alg = "ed25519"
kid = "{}"
public = """
{}"""
roles = ["model"]
ids = ["acme/*"]
not_before = 2026-01-01T00:00:00Z
not_after = 2036-01-01T00:00:00Z
revoked = false
"#,
        key.key_id(),
        key.to_pem()
    ))
    .into_result()?;
    // A program leaves `now` out, and the system's clock decides whether a key is in force.
    let options = LoadOptions::strict().trust(&store).id("acme/digits").now(1_800_000_000);
    let (model, report) =
        LoadedModel::load(path, &LayerRegistry::standard(), &tensorkeep::cpu::device(), &options)?;
    println!("loaded      release {}, {}", report.release, report.verdict);
    predict(&model)
}

/// The digits that a model sees in the first pictures.
fn predict(model: &impl Layer) -> Result<Vec<i32>> {
    let (x, _) = digits()?.range(..12)?.to_tensors(&tensorkeep::cpu::device())?;
    model.forward(&x)?.argmax(-1, false)?.to_vec()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("tensorkeep-save-and-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("digits.tkm");

    let key = SecretKey::generate(Algorithm::Ed25519)?;
    let here = train_and_save(&path, &key)?;
    let there = load(&path, key.public_key())?;
    println!("predicted   {there:?}");
    assert_eq!(here, there);

    // Somebody changes one bit of one weight.
    let mut bytes = std::fs::read(&path)?;
    if let Some(byte) = bytes.last_mut() {
        *byte ^= 1;
    }
    storage::write(&path, &bytes)?;
    let refusal = load(&path, key.public_key()).err().ok_or("a file that was tampered with was taken")?;
    println!("tampered    {refusal}");
    assert_eq!(refusal.kind(), ErrorKind::File("E_DIGEST"));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

#[test]
fn runs() -> Result<(), Box<dyn std::error::Error>> {
    main()
}
