// y = a · b, batched: matrices at any strides, which may be exchanged so that the longer axis of y is that of columns.
//
// params, after those of tiles: rows, columns, position of a, its strides along rows and k, position of b, its strides along
// k and columns, of y: elements of a matrix, strides along rows and columns, elements of a split, the numbers of batch axes of
// a and of b, then those axes as `position` reads them.

alias A = f32;
alias Y = f32;

@group(0) @binding(1) var<storage, read> a: array<A>;
@group(0) @binding(2) var<storage, read> b: array<A>;
@group(0) @binding(3) var<storage, read_write> y: array<Y>;

var<private> a_start: u32;
var<private> b_start: u32;
var<private> columns: array<u32, COLUMN_QUADS>;

fn begin(batch: u32) {
    let axes = 20u;
    a_start = param(8) + position(axes, param(18), batch);
    b_start = param(11) + position(axes + 2u * param(18), param(19), batch);
}

fn begin_columns(quad: u32, column: u32) {
    columns[quad] = column;
}

fn prepare(k: u32, thread: u32) {}

fn left(row: u32, k: u32, step: u32) -> vec4<V> {
    let stride = param(9);
    let at = a_start + row * stride + k * param(10);
    return vec4<V>(V(a[at]), V(a[at + stride]), V(a[at + 2u * stride]), V(a[at + 3u * stride]));
}

fn right(quad: u32, k: u32, step: u32) -> vec4<V> {
    let stride = param(13);
    let at = b_start + columns[quad] * stride + k * param(12);
    return vec4<V>(V(b[at]), V(b[at + stride]), V(b[at + 2u * stride]), V(b[at + 3u * stride]));
}

fn put(batch: u32, split: u32, row: u32, quad: u32, values: vec4<V>) {
    if row >= param(6) {
        return;
    }
    let at = split * param(17) + batch * param(14) + row * param(15);
    //@unroll c 0 4
    if columns[quad] + c < param(7) {
        y[at + (columns[quad] + c) * param(16)] = Y(values[c]);
    }
    //@end
}
