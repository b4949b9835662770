// y = a · b, batched: a team of threads for each element, for products too small or too narrow for tiles.
//
// params: elements of y, rows, columns, k, position of a, its strides along rows and k, position of b, its strides along k and
// columns, the numbers of batch axes of a and of b, then those axes as `position` reads them.

alias A = f32;
alias Y = f32;
// The bits of a result that are kept: 255 for bytes, which wrap.
const MASK: u32 = 0xffffffffu;

@group(0) @binding(1) var<storage, read> a: array<A>;
@group(0) @binding(2) var<storage, read> b: array<A>;
@group(0) @binding(3) var<storage, read_write> y: array<Y>;

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = group_number(group, grid) * (THREADS / TEAM) + thread / TEAM;
    let column = i % param(2);
    let row = i / param(2) % param(1);
    let batch = i / (param(1) * param(2));
    let axes = 12u;
    let a_start = param(4) + position(axes, param(10), batch) + row * param(5);
    let b_start = param(7) + position(axes + 2u * param(10), param(11), batch) + column * param(9);
    var sum = V();
    let end = select(0u, param(3), i < param(0));
    for (var k = thread % TEAM; k < end; k += TEAM) {
        sum += V(a[a_start + k * param(6)]) * V(b[b_start + k * param(8)]);
    }
    sum = team_sum(sum, thread);
    if i < param(0) && thread % TEAM == 0u {
        y[i] = Y(bitcast<V>(bitcast<u32>(sum) & MASK));
    }
}
