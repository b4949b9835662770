// A convolution or one of its gradients, as the product of a matrix and one that is never written down: each of its elements is
// an element of x, or zero where that would lie outside.
//
// Both columns and steps of k number a major index and a place on three axes: (image, position) and (channel, tap) for a
// convolution, the other way round for the gradient of its weight. The coordinates of both on x add up.
//
// params, after those of tiles: rows, columns, of the left factor: position, strides along rows, along the major index of k
// and along groups, of x: position, stride along groups, three sizes, three strides, three divisors, for columns and then
// for k: three sizes, three scales, three shifts, the stride of x along the major index, of y: strides along rows,
// along the major index of columns, along groups and along splits.

alias A = f32;
alias Y = f32;
// Whether coordinates are multiples of a divisor, all others being outside: 0 or 1.
const DIVIDED: u32 = 0u;

@group(0) @binding(1) var<storage, read> a: array<A>;
@group(0) @binding(2) var<storage, read> x: array<A>;
@group(0) @binding(3) var<storage, read_write> y: array<Y>;

const COLUMNS: u32 = 23u;
const STEPS: u32 = 33u;

var<private> a_start: u32;
var<private> x_start: u32;
var<private> sizes: vec3<u32>;
// Of this thread's columns: what each adds to the position in x, and to the coordinates.
var<private> places: array<vec4<u32>, 4u * COLUMN_QUADS>;
// Where they begin in y.
var<private> targets: array<vec4<u32>, COLUMN_QUADS>;
// The same of the steps of k in the tile.
var<workgroup> steps: array<vec4<u32>, DEPTH>;
var<workgroup> left_steps: array<u32, DEPTH>;

const OUTSIDE: u32 = 0xffffffffu;

fn triple(at: u32) -> vec3<u32> {
    return vec3<u32>(param(at), param(at + 1u), param(at + 2u));
}

// Major index and index on three axes of column or step i.
fn index_of(i: u32, axes: vec3<u32>) -> vec4<u32> {
    let rows = i / axes.z;
    let planes = rows / axes.y;
    let major = planes / axes.x;
    return vec4<u32>(major, planes - major * axes.x, rows - planes * axes.y, i - rows * axes.z);
}

// That of the next one: divisions are what a kernel of few steps would spend its time on.
fn next_index(at: vec4<u32>, axes: vec3<u32>) -> vec4<u32> {
    var next = at + vec4<u32>(0u, 0u, 0u, 1u);
    next = select(next, vec4<u32>(next.xy, next.z + 1u, 0u), next.w == axes.z);
    next = select(next, vec4<u32>(next.x, next.y + 1u, 0u, next.w), next.z == axes.y);
    return select(next, vec4<u32>(next.x + 1u, 0u, next.zw), next.y == axes.x);
}

// What a column or step adds to position and coordinates. Coordinates are signed; sums of them wrap.
fn place(index: vec4<u32>, at: u32) -> vec4<u32> {
    let coordinates = index.yzw * triple(at + 3u) + triple(at + 6u);
    var position = index.x * param(at + 9u);
    if DIVIDED == 0u {
        let strides = triple(17u);
        position += coordinates.x * strides.x + coordinates.y * strides.y + coordinates.z * strides.z;
    }
    return vec4<u32>(position, coordinates);
}

// Where a column or step lies among those of its major index.
fn inner(index: vec4<u32>, axes: vec3<u32>) -> u32 {
    return (index.y * axes.y + index.z) * axes.z + index.w;
}

fn element(at: vec4<u32>) -> V {
    if DIVIDED == 0u {
        return select(0.0, V(x[x_start + at.x]), all(at.yzw < sizes));
    }
    let divisors = triple(20u);
    let strides = triple(17u);
    let quotients = at.yzw / divisors;
    let inside = all(quotients < sizes) && all(quotients * divisors == at.yzw) && all(at.yzw < vec3<u32>(0x80000000u));
    let places = quotients * strides;
    return select(0.0, V(x[x_start + at.x + places.x + places.y + places.z]), inside);
}

fn begin(batch: u32) {
    a_start = param(8) + batch * param(11);
    x_start = param(12) + batch * param(13);
    sizes = triple(14u);
}

fn begin_columns(quad: u32, column: u32) {
    let axes = triple(COLUMNS);
    var index = index_of(column, axes);
    //@unroll c 0 4
    places[quad * 4u + c] = place(index, COLUMNS);
    targets[quad][c] = select(OUTSIDE, index.x * param(44) + inner(index, axes), column + c < param(7));
    index = next_index(index, axes);
    //@end
}

fn prepare(k: u32, thread: u32) {
    if thread < DEPTH {
        let axes = triple(STEPS);
        let index = index_of(k + thread, axes);
        steps[thread] = place(index, STEPS);
        left_steps[thread] = index.x * param(10) + inner(index, axes);
    }
}

fn left(row: u32, k: u32, step: u32) -> vec4<V> {
    let stride = param(9);
    let at = a_start + row * stride + left_steps[step];
    return vec4<V>(V(a[at]), V(a[at + stride]), V(a[at + 2u * stride]), V(a[at + 3u * stride]));
}

fn right(quad: u32, k: u32, step: u32) -> vec4<V> {
    let at = steps[step];
    return vec4<V>(
        element(places[quad * 4u] + at),
        element(places[quad * 4u + 1u] + at),
        element(places[quad * 4u + 2u] + at),
        element(places[quad * 4u + 3u] + at),
    );
}

fn put(batch: u32, split: u32, row: u32, quad: u32, values: vec4<V>) {
    if row >= param(6) {
        return;
    }
    let at = split * param(46) + batch * param(45) + row * param(43);
    //@unroll c 0 4
    if targets[quad][c] != OUTSIDE {
        y[at + targets[quad][c]] = Y(values[c]);
    }
    //@end
}
