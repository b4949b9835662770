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
    let rows = params[0];
    if i >= rows * params[3] {
        return;
    }
    let start = params[4] + position(8u, params[6], i % rows);
    let axes = 8u + 2u * params[6];
    let first = (i / rows) * params[2];
    let end = min(first + params[2], params[1]);
    var folded = nothing(params[5]);
    for (var j = first; j < end; j++) {
        folded = join(folded, Folded(A(x[start + position(axes, params[7], j)]), j));
    }
    put(i, folded);
}
