//! Saving and loading models that can be trusted.
//!
//! A model file (`.tkm`) is data: tensors by name, and if wanted the architecture as names of layers with what they were made
//! with. It holds no code, no types and no paths; what a name stands for is what the loading program was compiled with. The
//! container is that of [`tensorkeep_format`], written by [`tensorkeep_storage`], and [`tensorkeep_trust`] decides who is trusted.
//!
//! | to | use |
//! |---|---|
//! | save a model | [`Save`]: `model.save("digits.tkm")?`, or `save_with` and [`SaveOptions`] to name, sign and describe it |
//! | load into a model that the program builds | [`load_into`] |
//! | load a model that the program does not build | [`LoadedModel`], with a [`LayerRegistry`] of the layers that it may have |
//! | go on with a run after a crash | [`Checkpoints`] |
//! | use `?` on what the crates of files give | [`IntoResult`] |
//!
//! # What loading asks
//!
//! [`LoadOptions::strict`] takes a file that a key of the caller's [`TrustStore`](tensorkeep_trust::TrustStore) signed, or whose digest the
//! caller names; whoever wants neither has to write `insecure_allow_unsigned`. The order is always the same, and nothing is
//! used before it has passed: the file is opened once; header and manifest are checked against their rules and limits; who
//! vouches for it is decided; the graph, its settings and its [`Cost`] are checked on the device that knows only shapes;
//! and then each tensor is read, and compared with its digest.
//!
//! # An example
//!
//! ```
//! use tensorkeep_model::{LoadOptions, Save, SaveOptions, load_into};
//! use tensorkeep_nn::layers::Dense;
//! use tensorkeep_tensor::Rng;
//! use tensorkeep_trust::{Algorithm, SecretKey, TrustStore};
//!
//! # let folder = std::env::temp_dir().join(format!("tensorkeep-model-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = folder.join("digits.tkm");
//! // Whoever trains has a key, and signs.
//! let key = SecretKey::generate(Algorithm::Ed25519)?;
//! let mut rng = Rng::new(0, &tensorkeep_cpu::device());
//! let model = Dense::new(64, 10, &mut rng)?;
//! model.save_with(&path, &SaveOptions::new("acme/digits").release(3).sign(&key))?;
//!
//! // Whoever loads has a trust store: keys, and what they may sign.
//! let store = TrustStore::parse(&format!(
//!     "version = 1\n[[key]]\nname = \"alice\"\nalg = \"ed25519\"\nkid = \"{}\"\npublic = \"\"\"\n{}\"\"\"\nroles = [\"model\"]\n\
//!      ids = [\"acme/**\"]\nnot_before = 2026-01-01T00:00:00Z\nnot_after = 2036-01-01T00:00:00Z\nrevoked = false\n",
//!     key.public_key().key_id(),
//!     key.public_key().to_pem(),
//! ))?;
//! let options = LoadOptions::strict().trust(&store).id("acme/digits").now(1_800_000_000);
//! let mut loaded = Dense::new(64, 10, &mut rng)?;
//! let report = load_into(&mut loaded, &path, &options)?;
//! assert_eq!((report.release, report.verdict.to_string().as_str()), (3, "signed by alice"));
//!
//! // A file in which one bit of a weight was flipped.
//! let mut bytes = std::fs::read(&path)?;
//! *bytes.last_mut().unwrap() ^= 1;
//! tensorkeep_storage::write(&path, &bytes)?;
//! assert_eq!(load_into(&mut loaded, &path, &options).unwrap_err().kind().code(), "E_DIGEST");
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blueprint;
mod checkpoints;
mod contents;
mod cost;
mod elements;
#[doc(hidden)]
pub mod fuzzing;
mod into_result;
mod leaves;
mod load_into;
mod load_options;
mod loaded_model;
mod parameters;
mod position;
mod refusal;
mod registry;
mod report;
mod save;
mod source;
mod ties;

pub use blueprint::Blueprint;
pub use checkpoints::{Checkpoints, Resume};
pub use cost::{Cost, CostLimits};
pub use into_result::IntoResult;
pub use load_into::load_into;
pub use load_options::LoadOptions;
pub use loaded_model::LoadedModel;
pub use position::Position;
pub use registry::LayerRegistry;
pub use report::Report;
pub use save::{Save, SaveOptions, Saved};
