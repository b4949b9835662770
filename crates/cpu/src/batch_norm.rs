//! Normalisation of channels over a batch: two passes over each channel for its moments, in cache where it fits, and one over
//! all.

use smallvec::smallvec;
use tensorkeep_tensor::op::BatchNorm;
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::copy::to_contiguous;
use crate::float::for_float;
use crate::reduce::{Element, Number, SquareSum, Sum, TILE, fold_row, fold_row_of};
use crate::row::{Wide, each};
use crate::storage::{Context, contiguous};

/// Steps that it is to handle an element, in each pass.
const ELEMENT_WORK: u64 = 2;

/// Fewer neighbours of one channel than this are brought together before they are added up.
const SHORT: usize = 256;

pub(crate) fn apply(cpu: &Context<'_>, op: &BatchNorm, inputs: &[&Tensor]) -> Result<Outputs> {
    let &[x, w, b] = inputs else {
        return Err(Error::internal("batch_norm", "a batch norm has three operands"));
    };
    for_float!(x.dtype(), T => normalise::<T>(cpu, op, [x, w, b]))
}

/// The sizes of an input: images, channels, and elements of a channel in an image.
#[derive(Clone, Copy)]
struct Sizes {
    images: usize,
    channels: usize,
    inner: usize,
}

fn normalise<T: Element<Lane: Wide>>(
    cpu: &Context<'_>,
    op: &BatchNorm,
    inputs: [&Tensor; 3],
) -> Result<Outputs> {
    let [x, w, b] = inputs.map(|x| to_contiguous(cpu, x));
    let (x, w, b) = (x?, w?, b?);
    let ([images, channels, rest @ ..], [spec, mean_spec, variance_spec]) = (x.shape().sizes(), cpu.results)
    else {
        return Err(Error::internal("batch_norm", "the shape rule admits images of channels alone"));
    };
    let sizes = Sizes { images: *images, channels: *channels, inner: rest.iter().product() };
    let (x, w, b) = (contiguous::<T>(&x)?, contiguous::<T>(&w)?, contiguous::<T>(&b)?);

    // Mean and variance of each channel.
    let mut moments = cpu.scratch::<f64>(2 * sizes.channels)?;
    let moments = moments.as_mut_slice::<f64>();
    cpu.workers.try_chunks(x.len() as u64 * 2 * ELEMENT_WORK, moments, 2, |channel, to| {
        to.copy_from_slice(&moments_of(cpu, sizes, x, channel)?);
        Ok(())
    })?;
    let (moments, _) = moments.as_chunks::<2>();

    let y = cpu.filled(spec, |y: &mut [T]| {
        cpu.workers.chunks(x.len() as u64 * ELEMENT_WORK, y, sizes.channels * sizes.inner, |image, y| {
            let x = &x[image * y.len()..][..y.len()];
            let planes = x.chunks_exact(sizes.inner).zip(y.chunks_exact_mut(sizes.inner));
            for ((x, y), ([mean, variance], (&w, &b))) in planes.zip(moments.iter().zip(w.iter().zip(b))) {
                let [w, b] = [w, b].map(|x| wide::<T>(x));
                let mean = T::Lane::of_wide(*mean);
                let factor = T::Lane::of_wide(w / (variance + op.epsilon).sqrt());
                let term = T::Lane::of_wide(b);
                map_plane(x, y, |x| (x - mean) * factor + term);
            }
        });
        Ok(())
    })?;
    let of_channels = |spec, which: usize| {
        cpu.filled(spec, |to: &mut [T]| {
            let narrowed = moments.iter().map(|moments| T::narrow(T::Lane::of_wide(moments[which])));
            to.iter_mut().zip(narrowed).for_each(|(to, x)| *to = x);
            Ok(())
        })
    };
    Ok(smallvec![y, of_channels(mean_spec, 0)?, of_channels(variance_spec, 1)?])
}

/// An element in `f64`.
fn wide<T: Element<Lane: Wide>>(x: T) -> f64 {
    let mut lane = [T::Lane::ZERO];
    T::widen_slice(&[x], &mut lane);
    lane[0].wide()
}

/// Mean and population variance of a channel.
fn moments_of<T: Element<Lane: Wide>>(
    cpu: &Context<'_>,
    sizes: Sizes,
    x: &[T],
    channel: usize,
) -> Result<[f64; 2]> {
    let Sizes { images, channels, inner } = sizes;
    let run = |image: usize| &x[(image * channels + channel) * inner..][..inner];
    if inner >= SHORT {
        return Ok(moments_of_runs((0..images).map(run), images * inner));
    }
    let mut row = cpu.scratch::<T>(images * inner)?;
    let row = row.as_mut_slice::<T>();
    for (image, to) in row.chunks_exact_mut(inner).enumerate() {
        to.copy_from_slice(run(image));
    }
    Ok(moments_of_runs(std::iter::once(&*row), images * inner))
}

/// Mean and population variance of the elements of all runs. The variance is that of centred elements: of squares less a
/// square no digit might be left.
fn moments_of_runs<'a, T: Element<Lane: Wide> + 'a>(
    runs: impl Iterator<Item = &'a [T]> + Clone,
    count: usize,
) -> [f64; 2] {
    let mean = runs.clone().map(fold_row::<T, Sum>).sum::<f64>() / count as f64;
    let level = T::Lane::of_wide(mean);
    let squares = runs.map(|run| fold_row_of::<T, SquareSum>(run, |x| x - level)).sum::<f64>();
    [mean, squares / count as f64]
}

/// `yᵢ = f(xᵢ)`, computed in lanes.
fn map_plane<T: Element<Lane: Wide>>(x: &[T], y: &mut [T], f: impl Fn(T::Lane) -> T::Lane + Copy) {
    if let (Some(x), Some(y)) = (T::lanes(x), T::lanes_mut(y)) {
        return each(x, y, f);
    }
    let (mut from, mut to) = ([T::Lane::ZERO; TILE], [T::Lane::ZERO; TILE]);
    for (x, y) in x.chunks(TILE).zip(y.chunks_mut(TILE)) {
        let to = &mut to[..x.len()];
        each(T::widen(x, &mut from), to, f);
        T::narrow_slice(to, y);
    }
}
