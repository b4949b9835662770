// Softmax and its kin: y[row, j] as a function of the whole row.
//
// params: those of rows; the number is ε.

// 0 softmax, 1 log-softmax, 2 layer norm, 3 RMS norm.
const KIND: u32 = 0u;

@group(0) @binding(2) var<storage, read_write> y: array<Y>;

// The mean of (xⱼ - shift)².
fn mean_square(length: u32, shift: f32, thread: u32) -> f32 {
    var sum = 0.0;
    for (var j = thread % TEAM; j < length; j += TEAM) {
        let distance = element(j) - shift;
        sum += distance * distance;
    }
    return team_sum(sum, thread) / f32(param(1));
}

fn mean(length: u32, thread: u32) -> f32 {
    var sum = 0.0;
    for (var j = thread % TEAM; j < length; j += TEAM) {
        sum += element(j);
    }
    return team_sum(sum, thread) / f32(param(1));
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = row_number(group_number(group, grid), thread);
    let length = begin_row(row);
    var shift = 0.0;
    var factor = 1.0;
    var log_sum = 0.0;
    if KIND <= 1u {
        shift = row_largest(length, thread);
        let sum = row_exponentials(length, shift, thread);
        factor = sum;
        log_sum = logarithm(sum);
    } else {
        if KIND == 2u {
            shift = mean(length, thread);
        }
        factor = 1.0 / sqrt(mean_square(length, shift, thread) + bitcast<f32>(param(4)));
    }
    for (var j = thread % TEAM; j < length; j += TEAM) {
        let distance = element(j) - shift;
        var value = distance * factor;
        if KIND == 0u {
            value = exponential(distance) / factor;
        } else if KIND == 1u {
            value = distance - log_sum;
        }
        y[row * param(1) + j] = Y(value);
    }
}
