//! Layers as data, and back.

use tensorkeep_tensor::{Error, Result, Rng, meta};

use crate::module::{NamedLeaf, leaves};
use crate::settings::shown;
use crate::{Layer, Settings};

/// What a layer is, as data: what a file keeps instead of code.
#[derive(Clone, Debug, PartialEq)]
pub enum Description {
    /// A layer that is known by name: [`Rebuild::rebuild`] of the type of that name makes it again.
    Layer {
        /// The [name](Rebuild::NAME) of its type.
        name: &'static str,
        /// The [version](Rebuild::VERSION) of its meaning.
        version: u32,
        /// What it was made with.
        settings: Settings,
    },
    /// Layers one after another, each at its name or position.
    Chain(Vec<(String, Description)>),
}

impl Description {
    /// The description of a layer that can be built again: what its [`Layer::describe`] returns.
    ///
    /// It is tried on the device that knows only shapes: what could not be built again is not described.
    ///
    /// # Errors
    ///
    /// Those of [`Rebuild::settings`] and [`Rebuild::rebuild`];
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if what was built has not the tensors of the layer.
    #[track_caller]
    pub fn of<L: Rebuild>(layer: &L) -> Result<Self> {
        let build =
            |settings: &mut Settings, rng: &mut Rng| L::rebuild(settings, rng).map(|built| leaves(&built));
        let settings = tried(L::NAME, layer.settings()?, &leaves(layer), &build)?;
        Ok(Self::Layer { name: L::NAME, version: L::VERSION, settings })
    }
}

/// The settings as data, if what is built with them has these tensors. Not compiled for each layer.
#[track_caller]
fn tried(
    name: &str,
    mut settings: Settings,
    tensors: &[NamedLeaf],
    build: &dyn Fn(&mut Settings, &mut Rng) -> Result<Vec<NamedLeaf>>,
) -> Result<Settings> {
    let data = settings.as_data();
    let built = build(&mut settings, &mut Rng::new(0, &meta::device()))?;
    settings.finish()?;
    alike(name, tensors, &built)?;
    Ok(data)
}

/// Refuses what has other tensors than the layer of this name, which could not be put into it.
#[track_caller]
fn alike(name: &str, ours: &[NamedLeaf], theirs: &[NamedLeaf]) -> Result<()> {
    let mut theirs = theirs.iter();
    for leaf in ours {
        if !theirs
            .next()
            .is_some_and(|other| other.path == leaf.path && other.value.shape() == leaf.value.shape())
        {
            let (path, shape) = (shown(leaf.path.as_str()), leaf.value.shape());
            let message = format!(
                "{name} built again has no {path} of shape {shape}: make its tensors as its constructor does"
            );
            return Err(Error::value("describe", message));
        }
    }
    match theirs.next() {
        None => Ok(()),
        Some(leaf) => {
            let path = shown(leaf.path.as_str());
            let message =
                format!("{name} built again has a {path} besides: make its tensors as its constructor does");
            Err(Error::value("describe", message))
        }
    }
}

/// A layer that can be built again from what it was made with. Its tensors are not among that: they have places of
/// their own in a file, and are put into what was built.
///
/// ```
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_nn::{Context, Description, Layer, Module, Rebuild, Settings};
/// use tensorkeep_tensor::{Result, Rng, Tensor, meta};
///
/// /// `s · W x`.
/// #[derive(Clone, Debug, Module)]
/// struct Scaled {
///     inner: Dense,
///     scale: f64,
/// }
///
/// impl Layer for Scaled {
///     fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
///         cx.run("inner", &self.inner, x)? * self.scale
///     }
///
///     fn describe(&self) -> Result<Description> {
///         Description::of(self)
///     }
/// }
///
/// impl Rebuild for Scaled {
///     const NAME: &'static str = "example.scaled";
///
///     fn settings(&self) -> Result<Settings> {
///         Ok(self.inner.settings()?.with("scale", self.scale))
///     }
///
///     fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
///         Ok(Self { inner: Dense::rebuild(settings, rng)?, scale: settings.take_float("scale")? })
///     }
/// }
///
/// let mut rng = Rng::new(0, &meta::device());
/// let layer = Scaled { inner: Dense::new(3, 2, &mut rng)?, scale: 0.5 };
/// let again = Scaled::rebuild(&mut layer.settings()?, &mut rng)?;
/// assert_eq!(again.describe()?, layer.describe()?);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub trait Rebuild: Layer + Clone + Sized + 'static {
    /// What it is called in files: lower-case words joined by dots. The first word says whose it is; `nn` is taken.
    const NAME: &'static str;

    /// The version of its meaning. Whoever changes what the layer computes, or which settings and tensors it has, takes
    /// the next number, so that an old file is refused and not misread. An option that is added and left out of the
    /// settings at its default needs no new number: old files mean what they meant, and an old program refuses a file
    /// that uses it.
    const VERSION: u32 = 1;

    /// What [`rebuild`](Self::rebuild) is to be told, under names of letters, digits, `_` and dots. Layers inside are
    /// told of by [`Settings::with_layer`], if they may be of any type.
    ///
    /// # Errors
    ///
    /// If the layer is not as a constructor would make it: a weight of another rank.
    fn settings(&self) -> Result<Settings>;

    /// A layer made with these settings, all of which it has to take out. `rng` is on the device that knows only shapes
    /// when the settings come from a file: whatever they say, nothing is allocated.
    ///
    /// # Errors
    ///
    /// If a setting is missing, of another type, or out of range.
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self>;
}
