//! Weights that keep lengths and angles.

use tensorkeep_tensor::{Error, Result, Rng, Tensor, ToShape};

use super::fan::not_empty;

/// A weight that, as a matrix of `outputs` rows and all else as columns, has orthonormal rows or columns,
/// whichever are fewer, times `gain`: `W Wᵀ = gain² I` or `Wᵀ W = gain² I`.
///
/// It is drawn evenly from all such matrices: the factor `Q` of a normal matrix whose `R` has a positive
/// diagonal (Mezzadri, *How to Generate Random Matrices from the Classical Compact Groups*, 2007,
/// arXiv:math-ph/0609050, section 4). It is computed on the host in `f64`, so that every device has the same
/// bits; this takes `2 · long · short²` multiplications.
///
/// ```
/// use tensorkeep_nn::init::orthogonal;
/// use tensorkeep_tensor::{Rng, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// assert_eq!(*orthogonal([16, 3, 5, 5], 1.0, &mut rng)?.shape(), [16, 3, 5, 5]);
/// assert!(orthogonal([16], 1.0, &mut rng).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Saxe, McClelland and Ganguli, *Exact Solutions to the Nonlinear Dynamics of Learning in Deep
/// Linear Neural Networks*, 2013, arXiv:1312.6120.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0, fewer than two axes, or a gain
/// that is not finite.
#[track_caller]
pub fn orthogonal(shape: impl ToShape, gain: f32, rng: &mut Rng) -> Result<Tensor> {
    let shape = not_empty(shape)?;
    let [outputs, rest @ ..] = shape.sizes() else {
        return Err(Error::value("orthogonal", "a single number is no matrix: use two axes or more"));
    };
    if rest.is_empty() {
        let message = format!("a weight of shape {shape} is no matrix: use two axes or more");
        return Err(Error::value("orthogonal", message));
    }
    if !gain.is_finite() {
        return Err(Error::value("orthogonal", format!("a gain of {gain}: use a finite number")));
    }
    let columns: usize = rest.iter().product();
    // As many vectors as the shorter side, each as long as the longer.
    let (count, length) = (columns.min(*outputs), columns.max(*outputs));
    let normal = rng.normal([count, length], 0.0, 1.0)?;
    if rng.device().is_hollow() {
        return normal.reshape(shape);
    }
    let mut vectors: Vec<f64> = normal.to_vec::<f32>()?.into_iter().map(f64::from).collect();
    orthonormalise(&mut vectors, length);
    let vectors = vectors.into_iter().map(|x| (x * f64::from(gain)) as f32).collect();
    let vectors = Tensor::from_vec(vectors, [count, length], rng.device())?;
    let matrix = if columns < *outputs { vectors.t()?.contiguous()? } else { vectors };
    matrix.reshape(shape)
}

/// Gram and Schmidt's method on rows of this length, each row twice, which is enough: Giraud, Langou and
/// Rozložník, *The Loss of Orthogonality in the Gram-Schmidt Orthogonalization Process*, 2005, section 3.
fn orthonormalise(vectors: &mut [f64], length: usize) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for done in (0..vectors.len()).step_by(length.max(1)) {
        let (before, rest) = vectors.split_at_mut(done);
        let Some(vector) = rest.get_mut(..length) else { return };
        let project = |vector: &mut [f64]| {
            for other in before.chunks_exact(length) {
                let share = dot(vector, other);
                vector.iter_mut().zip(other).for_each(|(x, y)| *x -= share * y);
            }
            dot(vector, vector).sqrt()
        };
        let start = dot(vector, vector).sqrt();
        let mut norm = project(vector);
        // Normal numbers all but never lie in the span of those before; if so, the first axis that does not
        // is as good.
        let mut axis = 0;
        while norm <= 1e-10 * start && axis < length {
            vector.fill(0.0);
            vector[axis] = 1.0;
            (norm, axis) = (project(vector), axis + 1);
            if norm > 0.5 / (length as f64).sqrt() {
                break;
            }
            norm = 0.0;
        }
        vector.iter_mut().for_each(|x| *x /= norm);
        let norm = project(vector);
        vector.iter_mut().for_each(|x| *x /= norm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows that depend on each other are replaced, and the rest stays.
    #[test]
    fn dependent_rows_are_no_trouble() {
        let mut rows = [3.0, 4.0, 0.0, 6.0, 8.0, 0.0, 0.0, 0.0, 0.0];
        orthonormalise(&mut rows, 3);
        assert_eq!(rows[..3], [0.6, 0.8, 0.0]);
        for i in 0..3 {
            for j in 0..3 {
                let dot: f64 = (0..3).map(|k| rows[3 * i + k] * rows[3 * j + k]).sum();
                let want = if i == j { 1.0 } else { 0.0 };
                assert!((dot - want).abs() < 1e-15, "{i} {j}: {dot}");
            }
        }
    }
}
