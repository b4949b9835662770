//! The layers that a file may name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tensorkeep_format::{Code, escape};
use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, AlphaDropout, BatchNorm, Bilinear, Celu, Conv, ConvTranspose, Dense,
    Dropout, Elu, Embedding, EmbeddingBag, FeedForward, Flatten, GlobalMaxPool, GlobalMeanPool, Glu, Gpt,
    GroupNorm, Gru, GruCell, GruV3, GruV3Cell, HardShrink, HardTanh, InstanceNorm, LayerNorm, LeakyRelu,
    LearnedPositions, LocalResponseNorm, LpPool, Lstm, LstmCell, MaxPool, MeanPool, MinMax,
    MultiHeadAttention, Pad, PixelShuffle, PixelUnshuffle, Prelu, RecurrentStack, RmsNorm, Rnn, RnnCell,
    Rrelu, Scale, SinusoidalPositions, SoftShrink, Softplus, SpectralNorm, Standardise, Threshold,
    TransformerEncoder, TransformerEncoderLayer, Upsample, WeightNorm,
};
use tensorkeep_nn::{
    Boxed, PairwiseFusion, Parallel, Part, Rebuild, Sequential, Settings, SkipConnection, functions,
};
use tensorkeep_tensor::{Error, Result, Rng};

use crate::refusal::Refusal;

/// Makes a layer from its settings.
type Build = dyn Fn(&mut Settings, &mut Rng) -> Result<Boxed> + Send + Sync;

/// The layers that a file may name, chosen when the program is written. A file holds names and numbers; what a name stands for
/// is what stands here, and nothing else can run; that holds for layers inside of layers too.
///
/// ```
/// use tensorkeep_model::LayerRegistry;
/// use tensorkeep_nn::layers::Dense;
///
/// let registry = LayerRegistry::standard();
/// assert!(registry.names().any(|(name, version)| (name, version) == ("nn.dense", 1)));
///
/// // Only what is wanted; a layer of one's own that implements `Rebuild` is added in the same way.
/// let registry = LayerRegistry::empty().with::<Dense>();
/// assert_eq!(registry.names().count(), 1);
/// ```
#[derive(Clone, Default)]
pub struct LayerRegistry {
    layers: BTreeMap<(&'static str, u32), Arc<Build>>,
}

impl LayerRegistry {
    /// No layers.
    pub fn empty() -> Self {
        Self::default()
    }

    /// All layers of `nn`, and its [functions].
    pub fn standard() -> Self {
        let mut registry = Self::empty()
            .with::<AdaptiveMaxPool<1>>()
            .with::<AdaptiveMaxPool<2>>()
            .with::<AdaptiveMaxPool<3>>()
            .with::<AdaptiveMeanPool<1>>()
            .with::<AdaptiveMeanPool<2>>()
            .with::<AdaptiveMeanPool<3>>()
            .with::<AlphaDropout>()
            .with::<BatchNorm>()
            .with::<Bilinear>()
            .with::<Celu>()
            .with::<Conv<1>>()
            .with::<Conv<2>>()
            .with::<Conv<3>>()
            .with::<ConvTranspose<1>>()
            .with::<ConvTranspose<2>>()
            .with::<ConvTranspose<3>>()
            .with::<Dense>()
            .with::<Dropout>()
            .with::<Elu>()
            .with::<Embedding>()
            .with::<EmbeddingBag>()
            .with::<FeedForward>()
            .with::<Flatten>()
            .with::<GlobalMaxPool>()
            .with::<GlobalMeanPool>()
            .with::<Glu>()
            .with::<Gpt>()
            .with::<GroupNorm>()
            .with::<Gru>()
            .with::<GruV3>()
            .with::<HardShrink>()
            .with::<HardTanh>()
            .with::<InstanceNorm>()
            .with::<LayerNorm>()
            .with::<LeakyRelu>()
            .with::<LearnedPositions>()
            .with::<LocalResponseNorm>()
            .with::<LpPool<1>>()
            .with::<LpPool<2>>()
            .with::<LpPool<3>>()
            .with::<Lstm>()
            .with::<MaxPool<1>>()
            .with::<MaxPool<2>>()
            .with::<MaxPool<3>>()
            .with::<MeanPool<1>>()
            .with::<MeanPool<2>>()
            .with::<MeanPool<3>>()
            .with::<MinMax>()
            .with::<MultiHeadAttention>()
            .with::<Pad<1>>()
            .with::<Pad<2>>()
            .with::<Pad<3>>()
            .with::<PairwiseFusion>()
            .with::<Parallel>()
            .with::<PixelShuffle>()
            .with::<PixelUnshuffle>()
            .with::<Prelu>()
            .with::<RecurrentStack<GruCell>>()
            .with::<RecurrentStack<GruV3Cell>>()
            .with::<RecurrentStack<LstmCell>>()
            .with::<RecurrentStack<RnnCell>>()
            .with::<RmsNorm>()
            .with::<Rnn>()
            .with::<Rrelu>()
            .with::<Scale>()
            .with::<Sequential>()
            .with::<SinusoidalPositions>()
            .with::<SkipConnection<Boxed>>()
            .with::<SoftShrink>()
            .with::<Softplus>()
            .with::<SpectralNorm<Boxed>>()
            .with::<Standardise>()
            .with::<Threshold>()
            .with::<TransformerEncoder>()
            .with::<TransformerEncoderLayer>()
            .with::<Upsample<1>>()
            .with::<Upsample<2>>()
            .with::<Upsample<3>>()
            .with::<WeightNorm<Boxed>>();
        for (name, function) in functions() {
            registry.layers.insert((name, 1), Arc::new(move |_, _| Ok(function.clone())));
        }
        registry
    }

    /// The same with layers of type `L`, under its name and version; they take the place of what was there.
    #[must_use]
    pub fn with<L: Rebuild>(mut self) -> Self {
        let build = |settings: &mut Settings, rng: &mut Rng| L::rebuild(settings, rng).map(Boxed::new);
        self.layers.insert((L::NAME, L::VERSION), Arc::new(build));
        self
    }

    /// The names and versions that are known.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, u32)> {
        self.layers.keys().copied()
    }

    /// Makes a layer, of settings in which the layers are built. Nothing is allocated if `rng` is on the device that knows only shapes.
    pub(crate) fn build(
        &self,
        name: &str,
        version: u32,
        mut settings: Settings,
        rng: &mut Rng,
    ) -> Result<Part, Refusal> {
        let Some(((name, _), build)) = self.layers.iter().find(|(key, _)| **key == (name, version)) else {
            return Err(self.unknown(name, version));
        };
        let told = settings.as_data();
        let built = build(&mut settings, rng).and_then(|layer| settings.finish().map(|()| layer));
        let refused = |error: Error| Refusal::new(Code::Layer, format!("{name}: {}", error.message()));
        Ok(Part::built(name, version, &told, built.map_err(refused)?))
    }

    #[cold]
    fn unknown(&self, name: &str, version: u32) -> Refusal {
        let versions: Vec<String> =
            self.names().filter(|(each, _)| *each == name).map(|(_, version)| version.to_string()).collect();
        let message = match versions.is_empty() {
            true => format!(
                "{} is no layer that this program knows: register it, if the file is to be trusted with it",
                escape(name)
            ),
            false => format!(
                "{} is known in version {} and the file needs version {version}: use a program that has it",
                escape(name),
                versions.join(", ")
            ),
        };
        Refusal::new(Code::Layer, message)
    }
}

impl fmt::Debug for LayerRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.layers.keys()).finish()
    }
}
