// The elements of each line in the order that was found.
//
// params: elements, length of a line, elements of the result within one index of the axis, position of x, its stride along a
// line, number of axes of the lines, those axes as `position` reads them.

alias X = f32;

@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<X>;
@group(0) @binding(4) var<storage, read_write> places: array<u32>;

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
    let rank = i / param(2) % param(1);
    let line = i / param(2) / param(1) * param(2) + i % param(2);
    let place = order[line * param(1) + rank];
    y[i] = x[param(3) + position(6u, param(5), line) + place * param(4)];
    places[i] = place;
}
