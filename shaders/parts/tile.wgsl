// Products of matrices, a tile of the result for each workgroup. The tiles of the factors that it needs at a time lie in
// workgroup memory, that of the right one only if it is shared; each thread holds its part of the result, quads of rows by
// quads of columns, in registers.
//
// The file that builds on this says where elements lie:
//   begin(batch)                          is told the matrix before anything else;
//   begin_columns(quad, column)           is told the first of four columns of this thread;
//   prepare(k, thread)                    may fill workgroup memory for the steps from k on;
//   left(row, k, step)                    gives four rows of the left factor; step is that of k in the tile;
//   right(quad, k, step)                  gives four columns of the right factor;
//   put(batch, split, row, quad, values)  takes four elements of the product.
// Rows, columns and steps may lie behind the last one: what is given there is not used.
//
// params: workgroups, tiles along rows, along columns, steps of k, steps of a split, splits, then those of the file.

const ROW_THREADS: u32 = 8u;
const COLUMN_THREADS: u32 = 8u;
const ROW_QUADS: u32 = 2u;
const COLUMN_QUADS: u32 = 2u;
// Steps of k in workgroup memory at a time.
const DEPTH: u32 = 16u;
// Registers: f32, i32, or u32 for bytes.
alias V = f32;
// The bits of a result that are kept: 255 for bytes, which wrap.
const MASK: u32 = 0xffffffffu;
// Whether the right factor passes through workgroup memory: 0 or 1. It need not where no two threads have a column in common.
const SHARED: u32 = 1u;
// Steps of k that are written out one after the other.
const WRITTEN: u32 = 16u;

const TILE_ROWS: u32 = ROW_THREADS * ROW_QUADS;
const TILE_COLUMNS: u32 = COLUMN_THREADS * COLUMN_QUADS;

var<workgroup> left_tile: array<vec4<V>, DEPTH * TILE_ROWS>;
var<workgroup> right_tile: array<vec4<V>, SHARED * (DEPTH * TILE_COLUMNS - 1u) + 1u>;

fn kept(values: vec4<V>) -> vec4<V> {
    return bitcast<vec4<V>>(bitcast<vec4<u32>>(values) & vec4<u32>(MASK));
}

@compute @workgroup_size(ROW_THREADS * COLUMN_THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = group_number(group, grid);
    if number >= param(0) {
        return;
    }
    let row_thread = thread / COLUMN_THREADS;
    let column_thread = thread % COLUMN_THREADS;
    let row = number % param(1) * TILE_ROWS + row_thread;
    let column = number / param(1) % param(2) * TILE_COLUMNS + column_thread;
    let split = number / (param(1) * param(2)) % param(5);
    let batch = number / (param(1) * param(2) * param(5));
    let start = split * param(4);
    let end = min(start + param(4), param(3));

    begin(batch);
    //@unroll j 0 COLUMN_QUADS
    begin_columns(j, (column + j * COLUMN_THREADS) * 4u);
    //@end
    prepare(start, thread);
    workgroupBarrier();
    var sums: array<vec4<V>, 4u * ROW_QUADS * COLUMN_QUADS>;
    var b: array<vec4<V>, COLUMN_QUADS>;
    for (var k = start; k < end; k += DEPTH) {
        for (var step = column_thread; step < DEPTH; step += COLUMN_THREADS) {
            let inside = k + step < end;
            //@unroll i 0 ROW_QUADS
            left_tile[step * TILE_ROWS + i * ROW_THREADS + row_thread] =
                select(vec4<V>(), left((row + i * ROW_THREADS) * 4u, k + step, step), inside);
            //@end
        }
        if SHARED == 1u {
            for (var step = row_thread; step < DEPTH; step += ROW_THREADS) {
                //@unroll j 0 COLUMN_QUADS
                right_tile[step * TILE_COLUMNS + j * COLUMN_THREADS + column_thread] =
                    select(vec4<V>(), right(j, k + step, step), k + step < end);
                //@end
            }
        }
        workgroupBarrier();
        if SHARED == 1u {
            prepare(k + DEPTH, thread);
        }
        for (var first = 0u; first < DEPTH; first += WRITTEN) {
            //@unroll n 0 WRITTEN
            {
                let step = first + n;
                //@unroll j 0 COLUMN_QUADS
                if SHARED == 1u {
                    b[j] = right_tile[step * TILE_COLUMNS + j * COLUMN_THREADS + column_thread];
                } else {
                    b[j] = select(vec4<V>(), right(j, k + step, step), k + step < end);
                }
                //@end
                //@unroll i 0 ROW_QUADS
                {
                    let a = left_tile[step * TILE_ROWS + i * ROW_THREADS + row_thread];
                    //@unroll j 0 COLUMN_QUADS
                    //@unroll r 0 4
                    sums[(i * COLUMN_QUADS + j) * 4u + r] += a[r] * b[j];
                    //@end
                    //@end
                }
                //@end
            }
            //@end
        }
        workgroupBarrier();
        if SHARED == 0u {
            prepare(k + DEPTH, thread);
            workgroupBarrier();
        }
    }
    //@unroll i 0 ROW_QUADS
    //@unroll j 0 COLUMN_QUADS
    //@unroll r 0 4
    put(batch, split, (row + i * ROW_THREADS) * 4u + r, j, kept(sums[(i * COLUMN_QUADS + j) * 4u + r]));
    //@end
    //@end
    //@end
}
