//! Size classes: four for each power of two, so that rounding up wastes at most a quarter of what was asked
//! for.

use super::ALIGN;

/// A class of buffer sizes, all rounded up to one capacity. Classes are numbered from 0 by size.
///
/// In cache lines: 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SizeClass {
    /// Position in the order of sizes; below [`SizeClass::COUNT`].
    pub(super) index: usize,
    /// Bytes that a buffer of this class holds, a multiple of [`ALIGN`].
    pub(super) capacity: usize,
}

impl SizeClass {
    /// Number of classes that any `usize` can fall in.
    pub(super) const COUNT: usize = 4 * usize::BITS as usize;

    /// The smallest class that holds `len` bytes; `None` if its capacity is no possible allocation (above
    /// `isize::MAX`).
    pub(super) fn holding(len: usize) -> Option<Self> {
        let last_line = len.div_ceil(ALIGN).max(1) - 1;
        let (index, lines) = match last_line.checked_ilog2() {
            Some(exponent) if exponent >= 2 => {
                // The two bits after the leading one choose among the four classes of this power of two.
                let shift = exponent as usize - 2;
                let leading = last_line >> shift;
                (4 * shift + leading, (leading + 1) << shift)
            }
            _ => (last_line, last_line + 1),
        };
        let capacity = lines.checked_mul(ALIGN)?;
        (capacity <= isize::MAX as usize).then_some(Self { index, capacity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_numbered_by_size_and_waste_at_most_a_quarter() {
        let mut previous = SizeClass::holding(0).unwrap();
        assert_eq!(previous, SizeClass { index: 0, capacity: ALIGN });
        for len in 1..200_000 {
            let class = SizeClass::holding(len).unwrap();
            assert!(class.capacity >= len && class.capacity.is_multiple_of(ALIGN), "{len}: {class:?}");
            assert!(class.capacity - len < ALIGN.max(len / 4 + ALIGN), "{len}: {class:?}");
            let next = SizeClass { index: previous.index + 1, capacity: class.capacity };
            assert!(class == previous || (class == next && len == previous.capacity + 1), "{len}: {class:?}");
            previous = class;
        }
    }

    #[test]
    fn impossible_sizes_have_no_class() {
        for (len, possible) in [
            (1 << 40, true),
            (isize::MAX as usize, false),
            (isize::MAX as usize + 1, false),
            (usize::MAX, false),
        ] {
            let class = SizeClass::holding(len);
            assert_eq!(class.is_some(), possible, "{len}");
            assert!(class.is_none_or(|class| class.index < SizeClass::COUNT));
        }
    }
}
