// Each element of the result is an element of x or a constant.
//
// params: elements of y, bits of the constant, position of x, number of axes, then for each, innermost first: size of the
// result, elements before the first of x, distance between neighbours of x, size of x, stride of x.

alias X = f32;
// Registers: f32, i32, or u32 for bytes and truth values.
alias V = f32;

@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read_write> y: array<X>;

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
    var rest = i;
    var place = param(2);
    var inside = true;
    for (var axis = 0u; axis < param(3); axis++) {
        let at = 4u + 5u * axis;
        let index = rest % param(at);
        rest /= param(at);
        let distance = index - param(at + 1u);
        let number = distance / param(at + 2u);
        inside = inside && index >= param(at + 1u) && distance % param(at + 2u) == 0u && number < param(at + 3u);
        place += number * param(at + 4u);
    }
    if inside {
        y[i] = x[place];
    } else {
        y[i] = X(bitcast<V>(param(1)));
    }
}
