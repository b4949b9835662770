// A window that slides over three axes of each channel of each image of an operand.
//
// params: elements of the result, position of the operand, channels, its strides along images and along channels, then three
// of each: sizes of the input, of the window, numbers of positions, strides and dilations of the window, padding before the
// input, strides of the operand.

fn triple(at: u32) -> vec3<u32> {
    return vec3<u32>(param(at), param(at + 1u), param(at + 2u));
}

const INPUT: u32 = 5u;
const WINDOW: u32 = 8u;
const POSITIONS: u32 = 11u;
const STRIDE: u32 = 14u;
const DILATION: u32 = 17u;
const PADDING: u32 = 20u;
const OPERAND: u32 = 23u;

// The number of elements on three axes.
fn volume(axes: vec3<u32>) -> u32 {
    return axes.x * axes.y * axes.z;
}

// The index that element i has on three axes, the last of which counts fastest.
fn index_of(i: u32, axes: vec3<u32>) -> vec3<u32> {
    let outer = i / axes.z;
    return vec3<u32>(outer / axes.y % axes.x, outer % axes.y, i % axes.z);
}

// Where the block of axes that element i lies in begins in the operand.
fn block_position(i: u32, axes: vec3<u32>) -> u32 {
    let block = i / volume(axes);
    return param(1) + block / param(2) * param(3) + block % param(2) * param(4);
}

// A product that is summed up.
fn inner(a: vec3<u32>, b: vec3<u32>) -> u32 {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

// The coordinates that the window at a position sees through its first element. They are signed, and wrap.
fn corner(position: vec3<u32>) -> vec3<u32> {
    return position * triple(STRIDE) - triple(PADDING);
}

// The first of the positions whose window may see element i of the input, on one axis each.
fn first_position(i: vec3<u32>) -> vec3<u32> {
    let reach = (triple(WINDOW) - vec3<u32>(1u)) * triple(DILATION);
    let padded = i + triple(PADDING);
    let stride = triple(STRIDE);
    return select(vec3<u32>(0u), (padded - reach + stride - vec3<u32>(1u)) / stride, padded > reach);
}

// One past the last of them.
fn end_position(i: vec3<u32>) -> vec3<u32> {
    return min((i + triple(PADDING)) / triple(STRIDE) + vec3<u32>(1u), triple(POSITIONS));
}
