// Functions of f32. The built-in ones may err by thousands of ulps or drop NaN, each driver in its own way; these
// differ between drivers by how they round alone. Polynomials are those of Moshier's Cephes library, file single/.

fn infinity() -> f32 {
    return bitcast<f32>(0x7f800000u);
}

fn nan() -> f32 {
    return bitcast<f32>(0x7fc00000u);
}

// By bits, since translators may assume that x == x.
fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn is_negative(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x80000000u) != 0u;
}

// The larger; NaN if either is. The built-in one drops NaN.
fn largest(a: f32, b: f32) -> f32 {
    return select(select(b, a, a > b || is_nan(a)), b, is_nan(b));
}

// The smaller; NaN if either is.
fn smallest(a: f32, b: f32) -> f32 {
    return select(select(b, a, a < b || is_nan(a)), b, is_nan(b));
}

fn sign_of(x: f32) -> f32 {
    return select(sign(x), x, x == 0.0 || is_nan(x));
}

// x · 2ⁿ for n in -252..=254, in two steps, so that neither power leaves the normal numbers.
fn scale(x: f32, n: i32) -> f32 {
    let half = n >> 1u;
    return x * bitcast<f32>(u32(half + 127) << 23u) * bitcast<f32>(u32(n - half + 127) << 23u);
}

fn exponential(x: f32) -> f32 {
    let y = clamp(x, -104.0, 89.0);
    let n = round(y * 1.44269504);
    let r = (y - n * 0.693359375) + n * 2.12194440e-4;
    var p = 1.9875691500e-4;
    p = p * r + 1.3981999507e-3;
    p = p * r + 8.3334519073e-3;
    p = p * r + 4.1665795894e-2;
    p = p * r + 1.6666665459e-1;
    p = p * r + 5.0000001201e-1;
    let e = scale(p * r * r + r + 1.0, i32(n));
    return select(e, x, is_nan(x));
}

// eˣ - 1: by its Taylor series near 0, where the difference would cancel.
fn exponential_minus_one(x: f32) -> f32 {
    var p = 1.0 / 362880.0;
    p = p * x + 1.0 / 40320.0;
    p = p * x + 1.0 / 5040.0;
    p = p * x + 1.0 / 720.0;
    p = p * x + 1.0 / 120.0;
    p = p * x + 1.0 / 24.0;
    p = p * x + 1.0 / 6.0;
    p = p * x + 0.5;
    return select(exponential(x) - 1.0, p * x * x + x, abs(x) < 0.5);
}

// log(1 + t) for t in [√½ - 1, √2 - 1]: 2 artanh(t / (2 + t)), whose series has odd powers alone.
fn log_near_one(t: f32) -> f32 {
    let s = t / (2.0 + t);
    let z = s * s;
    var p = 2.0 / 11.0;
    p = p * z + 2.0 / 9.0;
    p = p * z + 2.0 / 7.0;
    p = p * z + 2.0 / 5.0;
    p = p * z + 2.0 / 3.0;
    return 2.0 * s + p * z * s;
}

fn logarithm(x: f32) -> f32 {
    // Subnormal numbers have no leading bit to read the exponent by. Devices may take them for zero.
    let tiny = x < 1.17549435e-38;
    let normal = select(x, x * 16777216.0, tiny);
    // normal = m · 2ᵉ with m in [√½, √2).
    let bits = bitcast<u32>(normal) - 0x3f3504f3u;
    let e = f32(bitcast<i32>(bits) >> 23u) - select(0.0, 24.0, tiny);
    let m = bitcast<f32>((bits & 0x007fffffu) + 0x3f3504f3u);
    let y = e * 0.693359375 + (log_near_one(m - 1.0) - e * 2.12194440e-4);
    let ends = select(x, -infinity(), x == 0.0);
    return select(select(y, nan(), x < 0.0), ends, x == 0.0 || is_nan(x) || x == infinity());
}

// log(1 + x).
fn logarithm_one_plus(x: f32) -> f32 {
    return select(logarithm(1.0 + x), log_near_one(x), x > -0.29 && x < 0.41);
}

// x as a number of quarter turns and what is left, at most an eighth of a turn. Cody and Waite, Software Manual for the
// Elementary Functions, 1980, chapter 8: π/2 in three parts. Good to |x| of some 10⁵.
fn quarter_turns(x: f32) -> vec2<f32> {
    let n = round(x * 0.636619772);
    let r = ((x - n * 1.5703125) - n * 4.837512969970703e-4) - n * 7.54978995489188216e-8;
    return vec2<f32>(n, r);
}

// Sine and cosine after `turns` more quarter turns.
fn sine_after(x: f32, turns: i32) -> f32 {
    let quarters = quarter_turns(x);
    let r = quarters.y;
    let z = r * r;
    let s = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * r + r;
    let c = ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
    let quarter = (i32(quarters.x) + turns) & 3;
    let y = select(s, c, (quarter & 1) == 1);
    // The sine of an infinity is no number; that of NaN is NaN.
    return select(select(y, -y, quarter >= 2), nan(), is_nan(x) || abs(x) == infinity());
}

fn sine(x: f32) -> f32 {
    return select(sine_after(x, 0), sin(x), abs(x) > 1.0e5 && abs(x) < infinity());
}

fn cosine(x: f32) -> f32 {
    return select(sine_after(x, 1), cos(x), abs(x) > 1.0e5 && abs(x) < infinity());
}

fn tangent(x: f32) -> f32 {
    return sine(x) / cosine(x);
}

fn hyperbolic_tangent(x: f32) -> f32 {
    let z = x * x;
    var p = -5.70498872745e-3;
    p = p * z + 2.06390887954e-2;
    p = p * z - 5.37397155531e-2;
    p = p * z + 1.33314422036e-1;
    p = p * z - 3.33332819422e-1;
    let far = 1.0 - 2.0 / (exponential(2.0 * abs(x)) + 1.0);
    return select(select(far, -far, x < 0.0), p * z * x + x, abs(x) < 0.625);
}

fn logistic(x: f32) -> f32 {
    return 1.0 / (1.0 + exponential(-x));
}

// Within 1 by Cephes; beyond by Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26, to 1.5e-7.
fn error_function(x: f32) -> f32 {
    let z = x * x;
    var p = 7.853861353153693e-5;
    p = p * z - 8.010193625184903e-4;
    p = p * z + 5.188327685732524e-3;
    p = p * z - 2.685381193529856e-2;
    p = p * z + 1.128358514861418e-1;
    p = p * z - 3.761262582423300e-1;
    p = p * z + 1.128379165726710;
    let a = abs(x);
    let t = 1.0 / (1.0 + 0.3275911 * a);
    var q = 1.061405429;
    q = q * t - 1.453152027;
    q = q * t + 1.421413741;
    q = q * t - 0.284496736;
    q = q * t + 0.254829592;
    let far = 1.0 - q * t * exponential(-z);
    return select(select(select(far, -far, x < 0.0), p * x, a < 1.0), x, is_nan(x));
}

// a - b ⌊a/b⌋. The quotient may be rounded across an integer; the second step puts the remainder back into range.
fn remainder(a: f32, b: f32) -> f32 {
    let quotient = a / b;
    let r = a - b * floor(quotient);
    let over = select(r, r - b, abs(r) >= abs(b));
    let near = select(over, over + b, over * b < 0.0);
    // From 2²⁴ on the quotient has no fraction, and may overflow.
    return select(near, 0.0, abs(quotient) >= 16777216.0 && abs(a) < infinity() && b != 0.0);
}

fn power(x: f32, y: f32) -> f32 {
    let a = abs(x);
    let whole = floor(y) == y;
    // Floats beyond 2²⁴ are even; half of an odd number is not whole.
    let odd = whole && abs(y) < 16777216.0 && floor(y * 0.5) != y * 0.5;
    var p = exponential(y * logarithm(a));
    // Squares and reciprocals are too frequent to be off by an ulp of a logarithm.
    p = select(p, a, y == 1.0);
    p = select(p, a * a, y == 2.0);
    p = select(p, 1.0 / a, y == -1.0);
    p = select(p, a * a * a, y == 3.0);
    // 0 · ∞ in the exponent.
    p = select(p, 1.0, a == 1.0);
    p = select(p, select(select(0.0, infinity(), y < 0.0), 1.0, y == 0.0), a == 0.0);
    p = select(p, -p, odd && is_negative(x));
    p = select(p, nan(), x < 0.0 && !whole && abs(x) != infinity());
    p = select(p, nan(), is_nan(x) || is_nan(y));
    return select(p, 1.0, y == 0.0 || x == 1.0);
}

// The angle of the point (x, y).
fn angle(y: f32, x: f32) -> f32 {
    let a = abs(x);
    let b = abs(y);
    let low = min(a, b);
    let high = max(a, b);
    // Two zeros have the angle of (1, 0), two infinities that of (1, 1).
    let ratio = select(select(low / high, 0.0, high == 0.0), 1.0, low == infinity());
    // The arctangent on [0, 1], with an eighth of a turn taken off above tan(π/8).
    let far = ratio > 0.414213562;
    let t = select(ratio, (ratio - 1.0) / (ratio + 1.0), far);
    let z = t * t;
    let p = (((8.05374449538e-2 * z - 1.38776856032e-1) * z + 1.99777106478e-1) * z - 3.33329491539e-1) * z * t + t;
    var r = select(p, p + 0.785398163, far);
    r = select(r, 1.570796327 - r, b > a);
    r = select(r, 3.141592654 - r, is_negative(x));
    r = select(r, -r, is_negative(y));
    return select(r, nan(), is_nan(x) || is_nan(y));
}

// Cut towards zero, saturating; 0 for NaN.
fn to_integer(x: f32) -> i32 {
    let inside = i32(clamp(x, -2147483648.0, 2147483520.0));
    return select(select(inside, 2147483647, x >= 2147483648.0), 0, is_nan(x));
}

// The same to 0..=255.
fn to_byte(x: f32) -> u32 {
    return select(u32(clamp(x, 0.0, 255.0)), 0u, is_nan(x));
}
