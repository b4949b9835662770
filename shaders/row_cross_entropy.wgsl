// Cross-entropy of each row of logits against a label: y[row] = log Σ exp(xⱼ) - x[label].
//
// params: those of rows, without a number. Then of the labels: position, number of axes, those axes.

@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<Y>;

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = row_number(group_number(group, grid), thread);
    let length = begin_row(row);
    let most = row_largest(length, thread);
    let log_sum = logarithm(row_exponentials(length, most, thread));
    if row < param(0) && thread % TEAM == 0u {
        let axes = ROW_AXES + 2u * param(5);
        let label = labels[param(axes) + position(axes + 2u, param(axes + 1u), row)];
        let j = checked_index(label, param(1), row);
        y[row] = Y(log_sum - (element(j) - most));
    }
}
