//! The sizes of a tensor along its axes.

use std::fmt;
use std::ops::Deref;

use crate::{Error, ErrorKind, Result};

/// The largest rank a tensor can have.
pub const MAX_RANK: usize = 8;

/// The sizes of a tensor along its axes, outermost first. Rank 0 is a single number.
///
/// # Invariant
///
/// At most [`MAX_RANK`] axes, and the product of the sizes that are not zero fits in an `isize`:
/// element counts and strides computed from a `Shape` never overflow.
///
/// ```
/// use tensorkeep_tensor::Shape;
///
/// assert_eq!(Shape::new(&[2, 3])?.elements(), 6);
/// assert!(Shape::new(&[0, 1 << 40, 1 << 40]).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    rank: u8,
    /// Kept, since every operation asks for it several times.
    elements: usize,
    sizes: [usize; MAX_RANK],
}

impl Shape {
    /// The shape of a single number.
    pub const SCALAR: Self = Self { rank: 0, elements: 1, sizes: [0; MAX_RANK] };

    /// Checks `sizes` and makes a shape of them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`] for more than [`MAX_RANK`] axes or more elements than an `isize` counts.
    #[track_caller]
    pub fn new(sizes: &[usize]) -> Result<Self> {
        if sizes.len() > MAX_RANK {
            let message =
                format!("rank {} is more than {MAX_RANK}: merge axes with reshape first", sizes.len());
            return Err(Error::new(ErrorKind::Limit, "shape", message));
        }
        let count = sizes.iter().filter(|&&n| n != 0).try_fold(1usize, |count, &n| count.checked_mul(n));
        let Some(count) = count.filter(|&count| isize::try_from(count).is_ok()) else {
            let message = format!("{sizes:?} has more elements than can be addressed: use smaller sizes");
            return Err(Error::new(ErrorKind::Limit, "shape", message));
        };
        let elements = if sizes.contains(&0) { 0 } else { count };
        let mut shape = Self { rank: sizes.len() as u8, elements, sizes: [0; MAX_RANK] };
        shape.sizes[..sizes.len()].copy_from_slice(sizes);
        Ok(shape)
    }

    /// The sizes as a slice.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes[..self.rank as usize]
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.rank as usize
    }

    /// The number of elements, 1 for rank 0.
    pub fn elements(&self) -> usize {
        self.elements
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.elements == 0
    }

    /// The sizes as an array, for patterns: `let [n, c, h, w] = shape.dims("pool")?`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if the rank is not `N`.
    #[track_caller]
    pub fn dims<const N: usize>(&self, op: &'static str) -> Result<[usize; N]> {
        let Ok(sizes) = <[usize; N]>::try_from(self.sizes()) else {
            let rule = format!("rank {} where rank {N} is needed", self.rank);
            return Err(Error::shape(op, rule, &[*self]).advise("reshape it"));
        };
        Ok(sizes)
    }

    /// Resolves an axis that may count from the end: -1 is the last.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`] outside `-rank..rank`.
    #[track_caller]
    pub fn axis(&self, op: &'static str, axis: isize) -> Result<usize> {
        let rank = self.rank as isize;
        if axis < -rank || axis >= rank {
            let advice = match rank {
                0 => "it has no axes, add one with unsqueeze".to_owned(),
                _ => format!("use -{rank} to {}", rank - 1),
            };
            let message = format!("axis {axis} is outside a tensor of rank {rank}, shape {self}: {advice}");
            return Err(Error::new(ErrorKind::Axis, op, message));
        }
        Ok(if axis < 0 { axis + rank } else { axis } as usize)
    }

    /// The shape both broadcast to by NumPy's rule: aligned at the last axis, a size of 1 stretches.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if two sizes differ and neither is 1.
    #[track_caller]
    pub fn broadcast(op: &'static str, lhs: &Self, rhs: &Self) -> Result<Self> {
        if lhs == rhs {
            return Ok(*lhs);
        }
        let (long, short) = if lhs.rank >= rhs.rank { (lhs, rhs) } else { (rhs, lhs) };
        let mut sizes = long.sizes;
        let skip = (long.rank - short.rank) as usize;
        for (i, &n) in short.sizes().iter().enumerate() {
            let size = &mut sizes[skip + i];
            *size = match (*size, n) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => {
                    return Err(Error::shape(op, "shapes do not broadcast together", &[*lhs, *rhs])
                        .advise("make sizes equal or 1"));
                }
            };
        }
        Self::new(&sizes[..long.rank()])
    }

    /// The shape with another size of one axis.
    #[track_caller]
    pub(crate) fn replace(&self, axis: usize, size: usize) -> Result<Self> {
        let mut sizes = self.sizes;
        sizes[axis] = size;
        Self::new(&sizes[..self.rank()])
    }
}

impl Deref for Shape {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        self.sizes()
    }
}

impl<T: AsRef<[usize]>> PartialEq<T> for Shape {
    fn eq(&self, other: &T) -> bool {
        self.sizes() == other.as_ref()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.sizes())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.sizes())
    }
}

/// Anything that names a shape: an array, a slice, a `Vec`, a [`Shape`], one size for a vector, or `()` for a
/// single number.
pub trait ToShape {
    /// The shape it names.
    ///
    /// # Errors
    ///
    /// Those of [`Shape::new`].
    fn to_shape(&self) -> Result<Shape>;
}

impl ToShape for () {
    fn to_shape(&self) -> Result<Shape> {
        Ok(Shape::SCALAR)
    }
}

impl ToShape for Shape {
    fn to_shape(&self) -> Result<Shape> {
        Ok(*self)
    }
}

impl ToShape for usize {
    #[track_caller]
    fn to_shape(&self) -> Result<Shape> {
        Shape::new(&[*self])
    }
}

impl ToShape for [usize] {
    #[track_caller]
    fn to_shape(&self) -> Result<Shape> {
        Shape::new(self)
    }
}

impl<const N: usize> ToShape for [usize; N] {
    #[track_caller]
    fn to_shape(&self) -> Result<Shape> {
        Shape::new(self)
    }
}

impl ToShape for Vec<usize> {
    #[track_caller]
    fn to_shape(&self) -> Result<Shape> {
        Shape::new(self)
    }
}

impl<T: ToShape + ?Sized> ToShape for &T {
    #[track_caller]
    fn to_shape(&self) -> Result<Shape> {
        (**self).to_shape()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(sizes: &[usize]) -> Shape {
        Shape::new(sizes).unwrap()
    }

    #[test]
    fn refuses_what_cannot_be_addressed() {
        assert_eq!(Shape::new(&[1; 9]).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(Shape::new(&[1 << 63]).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(Shape::new(&[1 << 32, 1 << 31]).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(Shape::new(&[0, 1 << 62, 4]).unwrap_err().kind(), ErrorKind::Limit);
        assert_eq!(shape(&[0, 7]).elements(), 0);
    }

    #[test]
    fn broadcasts_like_numpy() {
        type Row = (&'static [usize], &'static [usize], Option<&'static [usize]>);
        let rows: [Row; 7] = [
            (&[], &[2, 3], Some(&[2, 3])),
            (&[3], &[2, 3], Some(&[2, 3])),
            (&[2, 1], &[1, 3], Some(&[2, 3])),
            (&[5, 1, 4], &[3, 1], Some(&[5, 3, 4])),
            (&[0], &[1], Some(&[0])),
            (&[2], &[3], None),
            (&[0], &[3], None),
        ];
        for (a, b, want) in rows {
            let got = Shape::broadcast("add", &shape(a), &shape(b));
            assert_eq!(got.as_ref().ok().map(Shape::sizes), want, "{a:?} with {b:?}");
        }
    }

    #[test]
    fn axes_count_from_either_end() {
        let s = shape(&[2, 3]);
        assert_eq!(s.axis("sum", -1).unwrap(), 1);
        assert_eq!(s.axis("sum", 0).unwrap(), 0);
        assert_eq!(s.axis("sum", 2).unwrap_err().kind(), ErrorKind::Axis);
        assert_eq!(s.axis("sum", -3).unwrap_err().kind(), ErrorKind::Axis);
    }
}
