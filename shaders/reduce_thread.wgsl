// Each thread folds one chunk of one row of x: y[chunk, row]. Neighbouring threads have neighbouring rows.
//
// params: rows, length of a row, length of a chunk, chunks, position of x, bits of the fold of nothing, number of axes of
// rows, of axes of a row, then those axes as `position` reads them.

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = group_number(group, grid) * 256u + thread;
    let rows = param(0);
    if i >= rows * param(3) {
        return;
    }
    let start = param(4) + position(8u, param(6), i % rows);
    let axes = 8u + 2u * param(6);
    let first = (i / rows) * param(2);
    let end = min(first + param(2), param(1));
    var folded = nothing(param(5));
    for (var j = first; j < end; j++) {
        folded = join(folded, Folded(A(x[start + position(axes, param(7), j)]), j));
    }
    put(i, folded);
}
