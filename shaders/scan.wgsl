// Running folds of lines of x, one thread a line: y = f(y, x), or y = x · y + b. Neighbouring threads have neighbouring lines.
//
// params: lines, length of a line, position of x, its stride along a line, position and stride of b, of y the position of the
// first element, stride along a line, lines between neighbours of an outer axis and their distance, numbers of axes of
// the lines of x and of b, then those axes as `position` reads them.

// 0 sum, 1 product, 2 max, 3 min, 4 linear recurrence.
const KIND: u32 = 0u;
// The bits of a result that are kept: 255 for bytes, which wrap.
const MASK: u32 = 0xffffffffu;
alias X = f32;
// Registers: f32, i32, or u32 for bytes.
alias V = f32;

@group(0) @binding(1) var<storage, read> x: array<X>;
// The same as x but for recurrences.
@group(0) @binding(2) var<storage, read> b: array<X>;
@group(0) @binding(3) var<storage, read_write> y: array<X>;

// Conversion leaves no integer NaN, so this serves every type.
fn undefined(value: V) -> bool {
    return is_nan(f32(value));
}

fn next(y: V, x: V, b: V) -> V {
    switch KIND {
        case 0u: { return y + x; }
        case 1u: { return y * x; }
        case 2u: { return select(x, y, y > x || undefined(y)); }
        case 3u: { return select(x, y, y < x || undefined(y)); }
        default: { return x * y + b; }
    }
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let line = group_number(group, grid) * 64u + thread;
    if line >= param(0) {
        return;
    }
    let axes = 12u;
    var x_at = param(2) + position(axes, param(10), line);
    var b_at = param(4) + position(axes + 2u * param(10), param(11), line);
    var y_at = param(6) + line / param(8) * param(9) + line % param(8);
    var value = V(x[x_at]);
    if KIND == 4u {
        // From 0 on, which the first factor may still make NaN.
        value = value * V() + V(b[b_at]);
    }
    y[y_at] = X(bitcast<V>(bitcast<u32>(value) & MASK));
    for (var j = 1u; j < param(1); j++) {
        x_at += param(3);
        b_at += param(5);
        y_at += param(7);
        value = next(value, V(x[x_at]), V(b[b_at]));
        y[y_at] = X(bitcast<V>(bitcast<u32>(value) & MASK));
    }
}
