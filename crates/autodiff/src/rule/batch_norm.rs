//! Normalisation over a batch.

use tensorkeep_tensor::op::BatchNorm;
use tensorkeep_tensor::{Result, Tensor};

use super::Wanted;
use crate::cotangent::Cotangent;
use crate::tape::{Gradients, Pull};

/// Elements whose sums are computed at a time: 1 MiB of `f32` stays in the second cache.
const AT_A_TIME: usize = 1 << 18;

/// With `x̂` the normalised input, `n` its elements of a channel and sums over those: `db = Σ dy`, `dw = Σ dy x̂`, `dx = w / σ ·
/// (dy − (db + x̂ dw) / n)`. Ioffe and Szegedy, 2015, arXiv:1502.03167, section 3, its equations put together. To that come
/// `dμ / n` and `2 (x − μ) dσ² / n`.
pub(super) fn pull(
    op: BatchNorm,
    [x, w]: [&Tensor; 2],
    [mean, variance]: [&Tensor; 2],
    wanted: Wanted,
) -> Pull {
    let rule =
        Rule { op, x: x.clone(), w: w.clone(), mean: mean.clone(), variance: variance.clone(), wanted };
    Pull::rule(move |dys| {
        let [dy, dmean, dvariance] = std::array::from_fn(|i| dys.get(i).and_then(Option::as_ref));
        rule.gradients(dy, dmean, dvariance)
    })
}

struct Rule {
    op: BatchNorm,
    x: Tensor,
    w: Tensor,
    mean: Tensor,
    variance: Tensor,
    wanted: Wanted,
}

impl Rule {
    fn gradients(
        &self,
        dy: Option<&Tensor>,
        dmean: Option<&Tensor>,
        dvariance: Option<&Tensor>,
    ) -> Result<Gradients> {
        let mut gradients: [Option<Tensor>; 3] = [None, None, None];
        if let Some(dy) = dy {
            gradients = self.of_result(dy)?;
        }
        if self.wanted.contains(0) && (dmean.is_some() || dvariance.is_some()) {
            let by_moments = self.of_moments(dmean, dvariance)?;
            gradients[0] = Some(match gradients[0].take() {
                Some(dx) => dx.add(&by_moments)?,
                None => by_moments,
            });
        }
        Ok(gradients.into_iter().map(|gradient| gradient.map(Cotangent::Whole)).collect())
    }

    /// The gradients of all inputs from that of the normalised result.
    fn of_result(&self, dy: &Tensor) -> Result<[Option<Tensor>; 3]> {
        let (count, epsilon) = (self.count(), self.op.epsilon);
        let scale = self.variance.map(|variance| (variance + epsilon).rsqrt())?;
        let mean = self.column(&self.mean)?;
        let [by_bias, along] = self.sums(dy, &mean)?;
        let by_weight = along.mul(&scale)?;
        let by_x = self.wanted.then(0, || {
            let factor = self.column(&self.w.mul(&scale)?)?;
            let level = self.column(&by_bias.div(count)?)?;
            let slope = by_weight.zip(&scale, |by_weight, scale| by_weight * scale / count)?;
            Tensor::zip_all(
                [dy, &self.x, &mean, &factor, &level, &self.column(&slope)?],
                |[dy, x, mean, factor, level, slope]| factor * (dy - level - (x - mean) * slope),
            )
        })?;
        Ok([by_x, Some(by_weight), Some(by_bias)])
    }

    /// `Σ dy` and `Σ dy (x − μ)`, over some images at a time, so that neither is read again nor the product written out of cache.
    fn sums(&self, dy: &Tensor, mean: &Tensor) -> Result<[Tensor; 2]> {
        let images = dy.shape().sizes().first().copied().unwrap_or(1);
        let of_image = dy.elements() / images.max(1);
        let at_a_time = (AT_A_TIME / of_image.max(1)).max(1);
        let of_images = |start: usize| {
            let [dy, x] = [dy, &self.x].map(|x| x.narrow(0, start..images.min(start + at_a_time)));
            let (dy, x) = (dy?, x?);
            let along = Tensor::zip_all([&dy, &x, mean], |[dy, x, mean]| dy * (x - mean))?;
            Ok([self.sum(&dy)?, self.sum(&along)?])
        };
        (at_a_time..images).step_by(at_a_time).try_fold(of_images(0)?, |[by_bias, along], start| {
            let [more_by_bias, more_along] = of_images(start)?;
            Ok([by_bias.add(&more_by_bias)?, along.add(&more_along)?])
        })
    }

    /// The gradient of the input from those of mean and variance.
    fn of_moments(&self, dmean: Option<&Tensor>, dvariance: Option<&Tensor>) -> Result<Tensor> {
        let count = self.count();
        let column = |gradient: Option<&Tensor>, times: f64| match gradient {
            Some(gradient) => self.column(&gradient.mul(times / count)?),
            None => self.column(&Tensor::zeros(self.mean.shape(), self.mean.dtype(), self.mean.device())?),
        };
        let (level, slope, mean) = (column(dmean, 1.0)?, column(dvariance, 2.0)?, self.column(&self.mean)?);
        Tensor::zip_all([&self.x, &mean, &level, &slope], |[x, mean, level, slope]| {
            level + (x - mean) * slope
        })
    }

    /// Elements of a channel.
    fn count(&self) -> f64 {
        self.x.elements() as f64 / self.mean.elements() as f64
    }

    /// A number for each channel, shaped so that it broadcasts along them.
    fn column(&self, x: &Tensor) -> Result<Tensor> {
        let mut sizes = vec![1; self.x.rank() - 1];
        sizes[0] = x.elements();
        x.reshape(sizes)
    }

    /// The sum over all axes but that of the channels.
    fn sum(&self, x: &Tensor) -> Result<Tensor> {
        let [n, channels, rest @ ..] = x.shape().sizes() else { return Ok(x.clone()) };
        x.reshape([*n, *channels, rest.iter().product()])?.sum([0, 2], false)
    }
}
