//! Random words as a function of (key, counter), and how words become numbers.
//!
//! Philox 4x32-10: Salmon, Moraes, Dror and Shaw, *Parallel Random Numbers: As Easy as 1, 2, 3*, SC 2011. The
//! functions that turn words into numbers use only integer arithmetic and single additions and
//! multiplications in `f32`, which every device rounds alike; a backend that mirrors them step by step gets
//! the same bits. (Divisions, square roots and fused multiply-adds are not rounded alike everywhere, so there
//! are none.)

/// Four random words: block `counter` of the stream `key`.
pub fn block(key: u64, counter: u64) -> [u32; 4] {
    rounds([counter as u32, (counter >> 32) as u32, 0, 0], [key as u32, (key >> 32) as u32])
}

/// Philox 4x32-10 of a full counter.
fn rounds(mut words: [u32; 4], mut keys: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            keys = [keys[0].wrapping_add(0x9E37_79B9), keys[1].wrapping_add(0xBB67_AE85)];
        }
        words = mix(words, keys);
    }
    words
}

/// One round of Philox 4x32.
fn mix(words: [u32; 4], keys: [u32; 2]) -> [u32; 4] {
    let a = u64::from(words[0]) * 0xD251_1F53;
    let b = u64::from(words[2]) * 0xCD9E_8D57;
    [(b >> 32) as u32 ^ words[1] ^ keys[0], b as u32, (a >> 32) as u32 ^ words[3] ^ keys[1], a as u32]
}

/// The key of an independent stream, the child `index` of `key`.
pub fn child(key: u64, index: u64) -> u64 {
    // The complement keeps derived keys away from the blocks that the stream itself uses from 0 on.
    let words = block(key, !index);
    u64::from(words[0]) | u64::from(words[1]) << 32
}

/// The numbers `0..n` in random order: the stable order of words 0, 1, … of the stream `key`, as signed
/// integers.
pub fn permutation(key: u64, n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    let words: Vec<i32> =
        (0..n.div_ceil(4)).flat_map(|i| block(key, i as u64)).map(|word| word as i32).collect();
    order.sort_by_key(|&i| words[i]);
    order
}

/// A word as a number in `[0, 1)`, a multiple of 2⁻²⁴.
pub fn unit(word: u32) -> f32 {
    (word >> 8) as f32 * UNIT
}

/// A word as a number in `[low, high)`, up to one rounding.
pub fn uniform(word: u32, low: f32, high: f32) -> f32 {
    unit(word) * (high - low) + low
}

/// Whether a word says yes with this probability, to 2⁻²⁴.
pub fn bernoulli(word: u32, probability: f32) -> bool {
    (word >> 8) < bernoulli_bound(probability)
}

/// The bound under which the upper 24 bits of a word say yes.
pub fn bernoulli_bound(probability: f32) -> u32 {
    (f64::from(probability) * f64::from(1u32 << 24)).ceil() as u32
}

/// Two words as two independent normal numbers.
///
/// Box and Muller, *A Note on the Generation of Random Normal Deviates*, 1958: `r = √(−2 ln u)`,
/// `(r cos 2πv, r sin 2πv)`.
pub fn normal_pair(a: u32, b: u32) -> [f32; 2] {
    let u = ((a >> 8) + 1) as f32 * UNIT;
    let square = log(u) * -2.0;
    let radius = square * rsqrt(square);
    let [sine, cosine] = sin_cos_turn(b >> 8);
    [radius * cosine, radius * sine]
}

const UNIT: f32 = 1.0 / (1 << 24) as f32;

/// `ln x` for normal `x` in (0, 1]. Polynomial of Moshier's Cephes `logf`.
fn log(x: f32) -> f32 {
    // x = m · 2^e with m in [√½, √2).
    let bits = x.to_bits().wrapping_sub(0x3F35_04F3);
    let exponent = (bits as i32 >> 23) as f32;
    let m = f32::from_bits((bits & 0x007F_FFFF).wrapping_add(0x3F35_04F3)) - 1.0;
    let square = m * m;
    let mut p = LOG[0];
    for c in &LOG[1..] {
        p = p * m + c;
    }
    let p = p * m * square;
    let p = exponent * -2.121_944_4e-4 + p;
    let p = square * -0.5 + p;
    exponent * 0.693_359_4 + (m + p)
}

/// Coefficients of [`log`], from the highest power.
const LOG: [f32; 9] = [
    7.037_683_6e-2,
    -1.151_461e-1,
    1.167_699_9e-1,
    -1.242_014_1e-1,
    1.424_932_3e-1,
    -1.666_805_8e-1,
    2.000_071_5e-1,
    -2.499_999_4e-1,
    3.333_333e-1,
];

/// `1/√x` by Newton's iteration from a guess made of the bits; finite at 0.
fn rsqrt(x: f32) -> f32 {
    let half = x * 0.5;
    let mut y = f32::from_bits(0x5F37_5A86u32.wrapping_sub(x.to_bits() >> 1));
    for _ in 0..3 {
        let error = half * y * y;
        y *= 1.5 - error;
    }
    y
}

/// Sine and cosine of `turn / 2²⁴` of a full turn. Polynomials of Moshier's Cephes `sinf` and `cosf`.
fn sin_cos_turn(turn: u32) -> [f32; 2] {
    // The nearest quarter, and what is left: at most an eighth of a turn to either side.
    let quarter = (turn + (1 << 21)) >> 22;
    let rest = turn.wrapping_sub(quarter << 22) as i32;
    let x = rest as f32 * (std::f32::consts::TAU * UNIT);
    let z = x * x;
    let s = z * -1.951_529_6e-4 + 8.332_161e-3;
    let s = s * z + -1.666_665_5e-1;
    let s = s * z * x + x;
    let c = z * 2.443_315_7e-5 + -1.388_731_6e-3;
    let c = c * z + 4.166_664_6e-2;
    let c = c * z * z;
    let c = z * -0.5 + c + 1.0;
    match quarter & 3 {
        0 => [s, c],
        1 => [c, -s],
        2 => [-s, -c],
        _ => [-c, s],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of the authors' Random123 library, file `kat_vectors`, lines `philox4x32 10`: counter,
    /// key, words. A block's counter has 64 bits, so the rounds are checked on the full one.
    #[test]
    fn matches_the_published_vectors() {
        let rows: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
            ([0; 4], [0; 2], [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
            ([!0; 4], [!0; 2], [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]),
            (
                [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344],
                [0xA409_3822, 0x299F_31D0],
                [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1],
            ),
        ];
        for (counter, key, want) in rows {
            assert_eq!(rounds(counter, key), want, "{counter:x?} {key:x?}");
        }
        assert_eq!(block(0, 0), rows[0].2);
    }

    #[test]
    fn normals_agree_with_libm() {
        for i in 0..20_000u64 {
            let [a, b, ..] = block(7, i);
            let u = f64::from((a >> 8) + 1) / f64::from(1 << 24);
            let v = f64::from(b >> 8) / f64::from(1 << 24) * std::f64::consts::TAU;
            let radius = (-2.0 * u.ln()).sqrt();
            for (got, want) in normal_pair(a, b).into_iter().zip([radius * v.cos(), radius * v.sin()]) {
                assert!((f64::from(got) - want).abs() < 2e-6, "block {i}: {got} {want}");
            }
        }
        assert_eq!(normal_pair(!0, 0), [0.0, 0.0]);
    }

    #[test]
    fn moments_are_right() {
        let n = 100_000u64;
        let values: Vec<f64> = (0..n / 2)
            .flat_map(|i| {
                let [a, b, ..] = block(1, i);
                normal_pair(a, b).map(f64::from)
            })
            .collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        // Five standard errors.
        assert!(mean.abs() < 5.0 / (n as f64).sqrt(), "{mean}");
        assert!((variance - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(), "{variance}");
    }

    #[test]
    fn bernoulli_ends_are_certain() {
        for word in [0, 1 << 31, !0] {
            assert!(bernoulli(word, 1.0) && !bernoulli(word, 0.0));
        }
    }

    #[test]
    fn a_permutation_names_each_once() {
        let mut order = permutation(3, 1000);
        assert_ne!(order[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        order.sort_unstable();
        assert!(order.into_iter().eq(0..1000));
    }
}
