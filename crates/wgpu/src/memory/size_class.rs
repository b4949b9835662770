//! Sizes that buffers come in.

/// The smallest buffer, so that tiny tensors share one class.
const SMALLEST: u64 = 256;
/// From here on, a quarter of a power of two is too much to waste.
const LARGE: u64 = 64 << 20;
/// The step between large buffers.
const LARGE_STEP: u64 = 2 << 20;

/// The size of the buffer for a tensor of `bytes`: four classes for each power of two, so at most a quarter is wasted.
/// Never above `largest` if `bytes` is not.
pub(crate) fn size_class(bytes: u64, largest: u64) -> u64 {
    let class = match bytes {
        0..=SMALLEST => SMALLEST,
        LARGE.. => bytes.next_multiple_of(LARGE_STEP),
        _ => bytes.next_multiple_of(1 << (bytes.ilog2() - 2)),
    };
    class.min(largest).max(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_few_and_near() {
        let rows =
            [(1, 256), (256, 256), (257, 320), (1000, 1024), (1025, 1280), (LARGE + 1, LARGE + LARGE_STEP)];
        for (bytes, class) in rows {
            assert_eq!(size_class(bytes, u64::MAX / 2), class, "{bytes}");
        }
        for bytes in (1..LARGE).step_by(99_991) {
            let class = size_class(bytes, u64::MAX / 2);
            assert!(
                class >= bytes && (class <= SMALLEST || class <= bytes + bytes / 4),
                "{bytes} in {class}"
            );
            assert_eq!(size_class(class, u64::MAX / 2), class);
        }
    }

    #[test]
    fn the_largest_buffer_is_a_class() {
        assert_eq!(size_class(1000, 1004), 1004);
        assert_eq!(size_class(100, 128), 128);
    }
}
