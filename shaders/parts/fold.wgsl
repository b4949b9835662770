// Folds of elements, each with its index on the folded axes.

// 0 sum, 1 product, 2 max, 3 min, 4 argmax, 5 argmin.
const KIND: u32 = 0u;
// The bits of a result that are kept: 255 for bytes, which wrap.
const MASK: u32 = 0xffffffffu;
alias X = f32;
// What is folded: f32, i32, or u32 for bytes and truth values.
alias A = f32;
alias Y = f32;

@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read_write> y: array<Y>;

struct Folded {
    value: A,
    index: u32,
}

// The fold of nothing: a value that changes none, at an index after all others.
fn nothing(bits: u32) -> Folded {
    return Folded(bitcast<A>(bits), 0xffffffffu);
}

// Conversion leaves no integer NaN, so this serves every type.
fn undefined(a: A) -> bool {
    return is_nan(f32(a));
}

// Whether b comes before a in the order of an argmax: NaN first, then the larger, then the smaller index.
fn precedes(b: Folded, a: Folded) -> bool {
    if undefined(a.value) || undefined(b.value) {
        return undefined(b.value) && (!undefined(a.value) || b.index < a.index);
    }
    if a.value == b.value {
        return b.index < a.index;
    }
    return (b.value > a.value) == (KIND == 4u);
}

fn join(a: Folded, b: Folded) -> Folded {
    switch KIND {
        case 0u: { return Folded(a.value + b.value, a.index); }
        case 1u: { return Folded(a.value * b.value, a.index); }
        case 2u: { return Folded(select(b.value, a.value, a.value > b.value || undefined(a.value)), a.index); }
        case 3u: { return Folded(select(b.value, a.value, a.value < b.value || undefined(a.value)), a.index); }
        default: {
            if precedes(b, a) {
                return b;
            }
            return a;
        }
    }
}

fn put(i: u32, folded: Folded) {
    if KIND >= 4u {
        y[i] = Y(folded.index);
    } else {
        y[i] = Y(bitcast<A>(bitcast<u32>(folded.value) & MASK));
    }
}
