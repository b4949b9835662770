// Each element of the result is the one of x that an index names along an axis.
//
// params: elements of y, size of the axis, its stride in x, position of x and of the indices,
// elements of y that share an index before the next has its turn, indices, numbers of axes of x and of the indices, then those
// axes as `position` reads them: both along y, with stride 0 where the operand has no such axis.

alias X = f32;

@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read> indices: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<X>;

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
    let axes = 9u;
    let index = indices[param(4) + position(axes + 2u * param(7), param(8), i)];
    let number = checked_index(index, param(1), i / param(5) % param(6));
    y[i] = x[param(3) + position(axes, param(7), i) + number * param(2)];
}
