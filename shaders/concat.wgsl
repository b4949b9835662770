// One operand put into its part of the result.
//
// params: elements, position of x and of the part in y, numbers of axes of either, then those axes as `position` reads them.

alias X = f32;

@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read_write> y: array<X>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = group_number(group, grid) * 256u + thread;
    if i < param(0) {
        let axes = 5u;
        let place = param(1) + position(axes, param(3), i);
        y[param(2) + position(axes + 2u * param(3), param(4), i)] = x[place];
    }
}
