// The mean of each window.
//
// params: those of windows.

alias X = f32;
// Whether padding counts in the divisor: 0 or 1.
const COUNT_PADDING: u32 = 0u;

@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read_write> y: array<X>;

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
    let start = block_position(i, triple(POSITIONS));
    let first = corner(index_of(i, triple(POSITIONS)));
    let window = triple(WINDOW);
    let step = triple(DILATION);
    let input = triple(INPUT);
    let strides = triple(OPERAND);
    var sum = 0.0;
    var count = 0u;
    for (var k0 = 0u; k0 < window.x; k0++) {
        for (var k1 = 0u; k1 < window.y; k1++) {
            for (var k2 = 0u; k2 < window.z; k2++) {
                let at = first + vec3<u32>(k0, k1, k2) * step;
                if all(at < input) {
                    sum += f32(x[start + inner(at, strides)]);
                    count++;
                }
            }
        }
    }
    if COUNT_PADDING == 1u {
        count = volume(window);
    }
    y[i] = X(sum / f32(count));
}
