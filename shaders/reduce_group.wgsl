// Each workgroup folds one chunk of one row of x: y[row, chunk]. Neighbouring threads have neighbouring elements.
//
// params: as for one thread a fold.

const THREADS: u32 = 256u;

var<workgroup> shared_folds: array<Folded, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = group_number(group, grid);
    let chunks = param(3);
    if i >= param(0) * chunks {
        return;
    }
    let start = param(4) + position(8u, param(6), i / chunks);
    let axes = 8u + 2u * param(6);
    let first = (i % chunks) * param(2);
    let end = min(first + param(2), param(1));
    var folded = nothing(param(5));
    for (var j = first + thread; j < end; j += THREADS) {
        folded = join(folded, Folded(A(x[start + position(axes, param(7), j)]), j));
    }
    shared_folds[thread] = folded;
    for (var width = THREADS / 2u; width > 0u; width /= 2u) {
        workgroupBarrier();
        if thread < width {
            shared_folds[thread] = join(shared_folds[thread], shared_folds[thread + width]);
        }
    }
    if thread == 0u {
        put(i, shared_folds[0]);
    }
}
