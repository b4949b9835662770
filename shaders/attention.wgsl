// softmax(scale · q kᵀ) v, for tiles of queries: keys and values pass by tile by tile, while the largest score, the sum of the
// weights and the weighted sum of values are kept up to date. Milakov and Gimelshein, Online normalizer calculation for
// softmax, 2018, arXiv:1805.02867, algorithm 3.
//
// params: workgroups, chunks of values, tiles of queries, queries, keys, width of keys, width of values, bits of the scale,
// whether queries see earlier keys alone: 0 or 1, then of q, k and v: position, strides along rows and columns, then the
// numbers of their batch axes, then those axes as `position` reads them.

alias X = f32;

@group(0) @binding(1) var<storage, read> q: array<X>;
@group(0) @binding(2) var<storage, read> k: array<X>;
@group(0) @binding(3) var<storage, read> v: array<X>;
@group(0) @binding(4) var<storage, read_write> y: array<X>;

// Queries of a tile, and threads that share one.
const QUERIES: u32 = 16u;
const SHARE: u32 = 16u;
const THREADS: u32 = 256u;
// Keys of a tile: two for each thread that shares a query.
const KEYS: u32 = 32u;
// Columns of values in a chunk: four for each thread.
const VALUES: u32 = 64u;
// Columns of queries and keys in workgroup memory at a time.
const DEPTH: u32 = 16u;
// Rows lie an odd number of words apart, so that they fall into different banks.
const DEPTH_STEP: u32 = 17u;
const KEYS_STEP: u32 = 33u;

var<workgroup> query_tile: array<f32, QUERIES * DEPTH_STEP>;
var<workgroup> key_tile: array<f32, KEYS * DEPTH_STEP>;
var<workgroup> value_tile: array<f32, KEYS * VALUES>;
var<workgroup> weights: array<f32, QUERIES * KEYS_STEP>;

const AXES: u32 = 21u;

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = group_number(group, grid);
    if number >= param(0) {
        return;
    }
    let chunk = number % param(1) * VALUES;
    let tile = number / param(1) % param(2) * QUERIES;
    let batch = number / (param(1) * param(2));
    let q_start = param(9) + position(AXES, param(18), batch);
    let k_start = param(12) + position(AXES + 2u * param(18), param(19), batch);
    let v_start = param(15) + position(AXES + 2u * (param(18) + param(19)), param(20), batch);

    let own = thread / SHARE;
    let lane = thread % SHARE;
    let query = tile + own;
    // Where the keys end that this query sees, and that any of the tile does. The last query sees the last key.
    let behind = param(4) - param(3) + 1u;
    let causal = param(8) == 1u;
    let end = select(param(4), min(param(4), query + behind), causal);
    let tile_end = select(param(4), min(param(4), tile + QUERIES - 1u + behind), causal);

    var most = -infinity();
    var total = 0.0;
    var sums = vec4<f32>();
    for (var first = 0u; first < tile_end; first += KEYS) {
        var scores = vec2<f32>();
        for (var column = 0u; column < param(5); column += DEPTH) {
            workgroupBarrier();
            let inside = column + lane < param(5);
            let q_at = q_start + query * param(10) + (column + lane) * param(11);
            query_tile[own * DEPTH_STEP + lane] = select(0.0, f32(q[q_at]), inside && query < param(3));
            //@unroll half 0 2
            {
                let row = own + half * SHARE;
                let at = k_start + (first + row) * param(13) + (column + lane) * param(14);
                key_tile[row * DEPTH_STEP + lane] = select(0.0, f32(k[at]), inside && first + row < param(4));
            }
            //@end
            workgroupBarrier();
            //@unroll j 0 DEPTH
            scores += query_tile[own * DEPTH_STEP + j]
                * vec2<f32>(key_tile[lane * DEPTH_STEP + j], key_tile[(lane + SHARE) * DEPTH_STEP + j]);
            //@end
        }
        for (var i = thread; i < KEYS * VALUES; i += THREADS) {
            let row = first + i / VALUES;
            let column = chunk + i % VALUES;
            let at = v_start + row * param(16) + column * param(17);
            value_tile[i] = select(0.0, f32(v[at]), row < param(4) && column < param(6));
        }
        scores *= bitcast<f32>(param(7));
        let keys = vec2<u32>(first + lane, first + lane + SHARE);
        scores = select(vec2<f32>(-infinity()), scores, keys < vec2<u32>(end));
        weights[own * KEYS_STEP + lane] = scores.x;
        weights[own * KEYS_STEP + lane + SHARE] = scores.y;
        workgroupBarrier();
        var next = most;
        for (var j = 0u; j < KEYS; j++) {
            next = largest(next, weights[own * KEYS_STEP + j]);
        }
        // Scores that are all -∞ so far leave weights of 0.
        let shift = select(next, 0.0, next == -infinity());
        let fading = exponential(most - shift);
        most = next;
        workgroupBarrier();
        weights[own * KEYS_STEP + lane] = exponential(scores.x - shift);
        weights[own * KEYS_STEP + lane + SHARE] = exponential(scores.y - shift);
        workgroupBarrier();
        total *= fading;
        sums *= fading;
        // Values of keys that are not seen do not count even where they are no numbers.
        let visible = min(KEYS, max(end, first) - first);
        for (var j = 0u; j < visible; j++) {
            let weight = weights[own * KEYS_STEP + j];
            let at = j * VALUES + lane;
            total += weight;
            sums += weight * vec4<f32>(
                value_tile[at],
                value_tile[at + SHARE],
                value_tile[at + 2u * SHARE],
                value_tile[at + 3u * SHARE],
            );
        }
    }
    if query < param(3) {
        //@unroll c 0 4
        if chunk + lane + c * SHARE < param(6) {
            y[(batch * param(3) + query) * param(6) + chunk + lane + c * SHARE] = X(sums[c] / total);
        }
        //@end
    }
}
