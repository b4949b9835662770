// The second pass of a product whose k was split: y[i] = Σ x[split, i], in the order of the splits.
//
// params: elements of y, splits.

alias Y = f32;
// Registers: f32, i32, or u32 for bytes.
alias V = f32;
// The bits of a result that are kept: 255 for bytes, which wrap.
const MASK: u32 = 0xffffffffu;

@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read_write> y: array<Y>;

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
    var sum = V();
    for (var split = 0u; split < param(1); split++) {
        sum += x[split * param(0) + i];
    }
    y[i] = Y(bitcast<V>(bitcast<u32>(sum) & MASK));
}
