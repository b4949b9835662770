// A copy of base into which updates are put. The indices of each line were sorted, so those that name one place lie side by
// side, in the order in which they were given: no two threads write to the same place.
//
// params: elements of y, size of the axis, elements of y within one index of it, indices of a
// line, indices in all, whether each line has its own: 0 or 1, position of the indices, position of the updates, position of base,
// the number of its axes, then those axes as `position` reads them.

// 0 adds, 1 replaces by the last, 2 keeps the larger, 3 the smaller.
const MODE: u32 = 0u;
// The bits of a result that are kept: 255 for bytes, which wrap.
const MASK: u32 = 0xffffffffu;
alias X = f32;
// Registers: f32, i32, or u32 for bytes and truth values.
alias V = f32;

@group(0) @binding(1) var<storage, read> base: array<X>;
@group(0) @binding(2) var<storage, read> indices: array<i32>;
@group(0) @binding(3) var<storage, read> updates: array<X>;
@group(0) @binding(4) var<storage, read> keys: array<u32>;
@group(0) @binding(5) var<storage, read> order: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<X>;

// The first place of a line from which on keys are at least `key`.
fn first_at_least(key: u32, line: u32) -> u32 {
    var low = line;
    var high = line + param(3);
    while low < high {
        let middle = (low + high) / 2u;
        if keys[middle] < key {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = group_number(group, grid) * 256u + thread;
    if i < param(4) {
        checked_index(indices[param(6) + i], param(1), i);
    }
    if i >= param(0) {
        return;
    }
    let inner = i % param(2);
    let outer = i / param(2) / param(1);
    let line = (outer * param(2) + inner) * param(5) * param(3);
    // As keys of signed numbers are.
    let key = (i / param(2) % param(1)) ^ 0x80000000u;
    var value = V(base[param(8) + position(10u, param(9), i)]);
    for (var at = first_at_least(key, line); at < line + param(3); at++) {
        if keys[at] != key {
            break;
        }
        let update = V(updates[param(7) + (outer * param(3) + order[at]) * param(2) + inner]);
        switch MODE {
            case 0u: { value += update; }
            case 2u: { value = select(update, value, value > update || is_nan(f32(value))); }
            case 3u: { value = select(update, value, value < update || is_nan(f32(value))); }
            default: { value = update; }
        }
    }
    y[i] = X(bitcast<V>(bitcast<u32>(value) & MASK));
}
