// Element i takes word i % 4 of block offset + i / 4 of a stream of random words.
//
// params: count, 0, key (2), offset (2), then of the distribution: the bits of two numbers.

// 0 bits, 1 uniform, 2 normal, 3 Bernoulli.
const DISTRIBUTION: u32 = 1u;
alias Y = f32;
alias YValue = f32;

@group(0) @binding(1) var<storage, read_write> y: array<Y>;

const UNIT: f32 = 5.9604644775390625e-8;

// A product rounded by itself: drivers may fuse it with an addition, whose result has other bits. The zero that the host
// passes hides the product from them.
fn product(a: f32, b: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(a * b) ^ param(1));
}

// ln x for normal x in (0, 1].
fn natural_log(x: f32) -> f32 {
    let bits = bitcast<u32>(x) - 0x3f3504f3u;
    let exponent = f32(bitcast<i32>(bits) >> 23u);
    let m = bitcast<f32>((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0;
    let square = product(m, m);
    var p = 7.0376836e-2;
    p = product(p, m) - 1.151461e-1;
    p = product(p, m) + 1.1676999e-1;
    p = product(p, m) - 1.2420141e-1;
    p = product(p, m) + 1.4249323e-1;
    p = product(p, m) - 1.6668058e-1;
    p = product(p, m) + 2.0000715e-1;
    p = product(p, m) - 2.4999994e-1;
    p = product(p, m) + 3.333333e-1;
    p = product(product(p, m), square);
    p = product(exponent, -2.1219444e-4) + p;
    p = product(square, -0.5) + p;
    return product(exponent, 0.6933594) + (m + p);
}

// 1/√x by Newton's iteration.
fn inverse_root(x: f32) -> f32 {
    let half = product(x, 0.5);
    var y = bitcast<f32>(0x5f375a86u - (bitcast<u32>(x) >> 1u));
    //@unroll step 0 3
    y = product(y, 1.5 - product(product(half, y), y));
    //@end
    return y;
}

// Sine and cosine of `turn` / 2²⁴ of a full turn.
fn sine_cosine(turn: u32) -> vec2<f32> {
    let quarter = (turn + (1u << 21u)) >> 22u;
    let x = product(f32(bitcast<i32>(turn - (quarter << 22u))), 6.2831855 * UNIT);
    let z = product(x, x);
    var s = product(z, -1.9515296e-4) + 8.332161e-3;
    s = product(s, z) - 1.6666655e-1;
    s = product(product(s, z), x) + x;
    var c = product(z, 2.4433157e-5) - 1.3887316e-3;
    c = product(c, z) + 4.1666646e-2;
    c = product(product(c, z), z);
    c = product(z, -0.5) + c + 1.0;
    switch quarter & 3u {
        case 0u: { return vec2<f32>(s, c); }
        case 1u: { return vec2<f32>(c, -s); }
        case 2u: { return vec2<f32>(-s, -c); }
        default: { return vec2<f32>(-c, s); }
    }
}

// Two words as two independent normal numbers.
fn normal_pair(a: u32, b: u32) -> vec2<f32> {
    let square = product(natural_log(product(f32((a >> 8u) + 1u), UNIT)), -2.0);
    let radius = product(square, inverse_root(square));
    let turn = sine_cosine(b >> 8u);
    return vec2<f32>(product(radius, turn.y), product(radius, turn.x));
}

fn put(i: u32, value: YValue) {
    if i < param(0) {
        y[i] = Y(value);
    }
}

fn put_float(i: u32, value: f32) {
    put(i, YValue(value));
}

fn put_word(i: u32, word: u32) {
    let first = bitcast<f32>(param(6));
    let second = bitcast<f32>(param(7));
    switch DISTRIBUTION {
        case 0u: { put(i, YValue(bitcast<i32>(word))); }
        case 1u: { put_float(i, product(product(f32(word >> 8u), UNIT), second) + first); }
        default: { put(i, YValue((word >> 8u) < param(6))); }
    }
}

fn put_normal(i: u32, z: f32) {
    put_float(i, product(z, bitcast<f32>(param(7))) + bitcast<f32>(param(6)));
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let block = group_number(group, grid) * 256u + thread;
    let i = block * 4u;
    if i >= param(0) {
        return;
    }
    let low = param(4) + block;
    let high = param(5) + select(0u, 1u, low < block);
    let words = philox_block(vec2<u32>(param(2), param(3)), vec2<u32>(low, high));
    if DISTRIBUTION == 2u {
        let first = normal_pair(words.x, words.y);
        let second = normal_pair(words.z, words.w);
        put_normal(i, first.x);
        put_normal(i + 1u, first.y);
        put_normal(i + 2u, second.x);
        put_normal(i + 3u, second.y);
    } else {
        put_word(i, words.x);
        put_word(i + 1u, words.y);
        put_word(i + 2u, words.z);
        put_word(i + 3u, words.w);
    }
}
