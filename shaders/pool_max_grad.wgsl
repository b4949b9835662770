// The gradient of the largest elements: each element of the input adds up what the windows that chose it have.
//
// params: those of windows, whose operand is dy, then: elements of dy, and of its indices
// position, strides along images, along channels, and along three axes.

alias X = f32;

@group(0) @binding(1) var<storage, read> dy: array<X>;
@group(0) @binding(2) var<storage, read> places: array<i32>;
@group(0) @binding(3) var<storage, read_write> dx: array<X>;

// Where element (image, channel, position) of the indices lies, as `block_position` for the gradient.
fn place_block(block: u32) -> u32 {
    return param(27) + block / param(2) * param(28) + block % param(2) * param(29);
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = group_number(group, grid) * 256u + thread;
    let input = triple(INPUT);
    let positions = triple(POSITIONS);
    let place_strides = triple(30u);
    if i < param(26) {
        let at = place_block(i / volume(positions)) + inner(index_of(i, positions), place_strides);
        checked_index(places[at], volume(input), i);
    }
    if i >= param(0) {
        return;
    }
    let start = block_position(i, input);
    let places_start = place_block(i / volume(input));
    let own = i32(i % volume(input));
    let strides = triple(OPERAND);
    let first = first_position(index_of(i, input));
    let end = end_position(index_of(i, input));
    var sum = 0.0;
    for (var p0 = first.x; p0 < end.x; p0++) {
        for (var p1 = first.y; p1 < end.y; p1++) {
            for (var p2 = first.z; p2 < end.z; p2++) {
                let p = vec3<u32>(p0, p1, p2);
                if places[places_start + inner(p, place_strides)] == own {
                    sum += f32(dy[start + inner(p, strides)]);
                }
            }
        }
    }
    dx[i] = X(sum);
}
