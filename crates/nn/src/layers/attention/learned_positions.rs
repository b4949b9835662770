//! Positions that are learnt.

use tensorkeep_tensor::{Error, ErrorKind, Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings, init};

/// Adds to each step of a sequence the vector of its position: `y[.., p, :] = x[.., p, :] + weight[p, :]`.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[.., length, features]`, at most `positions` long |
/// | `weight` | `[positions, features]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`] if `x` has other features, [`ErrorKind::Limit`] if it is longer than there are
/// positions.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::LearnedPositions;
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let positions = LearnedPositions::new(10, 16, &mut rng)?;
/// let x = Tensor::zeros([2, 10, 16], DType::F32, rng.device())?;
/// assert_eq!(positions.forward(&x)?.shape(), x.shape());
/// assert!(positions.add_from(1, &x).is_err()); // there is no position 10
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct LearnedPositions {
    /// One row a position.
    pub weight: Tensor,
}

impl LearnedPositions {
    /// So many positions, their vectors normal with deviation 0.02, as GPT-2 has them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] for a size of 0.
    #[track_caller]
    pub fn new(positions: usize, features: usize, rng: &mut Rng) -> Result<Self> {
        Ok(Self { weight: init::normal([positions, features], 0.02, rng)? })
    }

    /// The same for a sequence whose first step has position `start`.
    ///
    /// # Errors
    ///
    /// As for the layer.
    #[track_caller]
    pub fn add_from(&self, start: usize, x: &Tensor) -> Result<Tensor> {
        let [positions, features] = self.weight.dims()?;
        let length = match *x.shape().sizes() {
            [.., length, last] if last == features => length,
            _ => {
                let rule = format!("the input is not [.., length, {features}]");
                return Err(Error::shape("learned_positions", rule, &[*x.shape(), *self.weight.shape()])
                    .advise("reshape it, or make the layer for it"));
            }
        };
        match start.checked_add(length).filter(|&end| end <= positions) {
            Some(end) => x.add(&self.weight.narrow(0, start..end)?),
            None => {
                let message = format!(
                    "{length} steps from position {start} on, of {positions}: shorten the sequence, or make the layer with \
                     more positions"
                );
                Err(Error::new(ErrorKind::Limit, "learned_positions", message))
            }
        }
    }
}

impl Layer for LearnedPositions {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        self.add_from(0, x)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for LearnedPositions {
    const NAME: &'static str = "nn.learned_positions";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let [positions, features] = self.weight.dims()?;
        Settings::new().with_size("positions", positions)?.with_size("features", features)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (positions, features) = (settings.take_size("positions")?, settings.take_size("features")?);
        Self::new(positions, features, rng)
    }
}
