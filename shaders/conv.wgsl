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
    return vec3<u32>(params[at], params[at + 1u], params[at + 2u]);
}

// What column or step i adds to position and coordinates. Coordinates are signed; sums of them wrap.
fn place(i: u32, at: u32) -> vec4<u32> {
    let axes = triple(at);
    let outer = i / axes.z;
    let index = vec3<u32>(outer / axes.y % axes.x, outer % axes.y, i % axes.z);
    let coordinates = index * triple(at + 3u) + triple(at + 6u);
    var position = outer / (axes.x * axes.y) * params[at + 9u];
    if DIVIDED == 0u {
        let strides = triple(17u);
        position += coordinates.x * strides.x + coordinates.y * strides.y + coordinates.z * strides.z;
    }
    return vec4<u32>(position, coordinates);
}

// The number of elements that share a major index.
fn block(at: u32) -> u32 {
    let axes = triple(at);
    return axes.x * axes.y * axes.z;
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
    a_start = params[8] + batch * params[11];
    x_start = params[12] + batch * params[13];
    sizes = triple(14u);
}

fn begin_columns(quad: u32, column: u32) {
    let axes = block(COLUMNS);
    //@unroll c 0 4
    places[quad * 4u + c] = place(column + c, COLUMNS);
    targets[quad][c] =
        select(OUTSIDE, (column + c) / axes * params[44] + (column + c) % axes, column + c < params[7]);
    //@end
}

fn prepare(k: u32, thread: u32) {
    if thread < DEPTH {
        let i = k + thread;
        let axes = block(STEPS);
        steps[thread] = place(i, STEPS);
        left_steps[thread] = i / axes * params[10] + i % axes;
    }
}

fn left(row: u32, k: u32, step: u32) -> vec4<V> {
    let stride = params[9];
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
    if row >= params[6] {
        return;
    }
    let at = split * params[46] + batch * params[45] + row * params[43];
    //@unroll c 0 4
    if targets[quad][c] != OUTSIDE {
        y[at + targets[quad][c]] = Y(values[c]);
    }
    //@end
}
