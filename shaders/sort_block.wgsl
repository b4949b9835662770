// Each workgroup sorts a block of a line. Batcher, Sorting Networks and Their Applications, 1968: the bitonic sorter.
//
// params: lines, length of a line, blocks of a line, position of x, its stride along a line, number of axes of the lines, those
// axes as `position` reads them.

// A power of 2, at least 4.
const BLOCK: u32 = 1024u;
// 0 floats, 1 signed integers, 2 unsigned integers.
const CLASS: u32 = 0u;
const DESCENDING: u32 = 0u;
alias X = f32;
// Registers: f32, i32, or u32 for bytes and truth values.
alias V = f32;

@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read_write> keys: array<u32>;
@group(0) @binding(3) var<storage, read_write> places: array<u32>;

const THREADS: u32 = BLOCK / 4u;

var<workgroup> block_keys: array<u32, BLOCK>;
var<workgroup> block_places: array<u32, BLOCK>;

// An unsigned number for each value, in the same order, with NaN above all and both zeros the same.
fn key_of(value: V) -> u32 {
    var bits = bitcast<u32>(value);
    if CLASS == 1u {
        bits ^= 0x80000000u;
    }
    if CLASS == 0u {
        if is_nan(f32(value)) {
            bits = 0xffffffffu;
        } else if bits >= 0x80000000u {
            // Minus zero comes to lie where zero does.
            bits = 0u - bits;
        } else {
            bits |= 0x80000000u;
        }
    }
    return select(bits, ~bits, DESCENDING == 1u);
}

// Puts the pair at `low` and the one at `high` into order.
fn exchange(low: u32, high: u32, ascending: bool) {
    let key = block_keys[low];
    let place = block_places[low];
    let other_key = block_keys[high];
    let other_place = block_places[high];
    if comes_before(other_key, other_place, key, place) == ascending {
        block_keys[low] = other_key;
        block_places[low] = other_place;
        block_keys[high] = key;
        block_places[high] = place;
    }
}

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = group_number(group, grid);
    let line = number / param(2);
    if line >= param(0) {
        return;
    }
    let first = number % param(2) * BLOCK;
    let start = param(3) + position(6u, param(5), line);
    for (var i = thread; i < BLOCK; i += THREADS) {
        let place = first + i;
        let inside = place < param(1);
        // What fills the block comes after everything.
        block_keys[i] = select(0xffffffffu, key_of(V(x[start + place * param(4)])), inside);
        block_places[i] = select(0xffffffffu, place, inside);
    }
    for (var run = 2u; run <= BLOCK; run *= 2u) {
        for (var distance = run / 2u; distance > 0u; distance /= 2u) {
            workgroupBarrier();
            for (var pair = thread; pair < BLOCK / 2u; pair += THREADS) {
                let low = pair / distance * distance * 2u + pair % distance;
                exchange(low, low + distance, (low & run) == 0u);
            }
        }
    }
    workgroupBarrier();
    for (var i = thread; i < BLOCK; i += THREADS) {
        if first + i < param(1) {
            keys[line * param(1) + first + i] = block_keys[i];
            places[line * param(1) + first + i] = block_places[i];
        }
    }
}
