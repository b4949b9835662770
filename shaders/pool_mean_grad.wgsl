// The gradient of the means: each element of the input adds up its shares of the windows that see it.
//
// params: those of windows, whose operand is dy.

alias X = f32;
// Whether padding counts in the divisor: 0 or 1.
const COUNT_PADDING: u32 = 0u;

@group(0) @binding(1) var<storage, read> dy: array<X>;
@group(0) @binding(2) var<storage, read_write> dx: array<X>;

// How many elements of the window at a position lie in the input, on each axis.
fn seen(position: vec3<u32>) -> vec3<u32> {
    let step = triple(DILATION);
    let offset = position * triple(STRIDE);
    let padding = triple(PADDING);
    let before = select(vec3<u32>(0u), (padding - offset + step - vec3<u32>(1u)) / step, padding > offset);
    let last = triple(INPUT) - vec3<u32>(1u) + padding;
    return min(triple(WINDOW), (last - offset) / step + vec3<u32>(1u)) - before;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = group_number(group, grid) * 256u + thread;
    if i >= param(0) {
        return;
    }
    let input = triple(INPUT);
    let start = block_position(i, input);
    let index = index_of(i, input);
    let first = first_position(index);
    let end = end_position(index);
    let step = triple(DILATION);
    let strides = triple(OPERAND);
    var sum = 0.0;
    for (var p0 = first.x; p0 < end.x; p0++) {
        for (var p1 = first.y; p1 < end.y; p1++) {
            for (var p2 = first.z; p2 < end.z; p2++) {
                let p = vec3<u32>(p0, p1, p2);
                let distance = index - corner(p);
                if all(distance % step == vec3<u32>(0u)) {
                    let count = select(volume(seen(p)), volume(triple(WINDOW)), COUNT_PADDING == 1u);
                    sum += f32(dy[start + inner(p, strides)]) / f32(count);
                }
            }
        }
    }
    dx[i] = X(sum);
}
