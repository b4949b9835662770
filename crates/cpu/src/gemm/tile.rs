//! The innermost loop: a tile of the result held in registers while the inner dimension streams past.
//!
//! After K. Goto and R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34
//! (2008), §5, and F. Van Zee and R. van de Geijn, "BLIS", ACM TOMS 41 (2015).
#![allow(unsafe_code, reason = "bounds checks in the innermost loop cost more than its arithmetic")]

use bytemuck::Zeroable;

use super::element::Accumulator;
use super::register::Register;
use crate::cache::prefetch_at;
use crate::memory::Line;

/// What one call computes: `c = a·b`, or `c += a·b`, for a tile of a fixed number of rows.
pub(super) struct Tile<T> {
    /// Inner dimension.
    pub(super) depth: usize,
    /// The left operand, and where each of its rows starts from there.
    pub(super) a: *const T,
    pub(super) a_rows: *const isize,
    /// The right operand, and where its rows start from there.
    pub(super) b: *const T,
    pub(super) b_rows: Starts,
    /// Element `(0, 0)` of the result, and the step to its next row.
    pub(super) c: *mut T,
    pub(super) c_row: usize,
    /// Columns of the result, which may be fewer than the tile's registers hold.
    pub(super) cols: usize,
    /// Whether to add to what `c` holds.
    pub(super) accumulate: bool,
}

/// Where rows start.
#[derive(Clone, Copy)]
pub(super) enum Starts {
    /// So far from each other.
    Apart(isize),
    /// Anywhere.
    At(*const isize),
}

/// How many rows before it is multiplied a row of the right operand is asked for. Where the first cache is shared, with a panel or with
/// another thread of the core, it does not hold all of them.
const AHEAD: isize = 8;

/// Computes a tile of `ROWS` rows and up to `VECTORS` registers a row.
///
/// An element's arithmetic is the same wherever it lies in a tile: one chain of multiply-adds in the order of
/// the inner dimension, then one addition to `c`. So results don't depend on how a product is cut into tiles.
///
/// # Safety
///
/// The machine has the instruction set of `R`. Readable are the starts of `ROWS` rows of `a` and of `depth` of `b`, `depth`
/// neighbours in the former and `VECTORS · LANES` in the latter; readable and writable are `ROWS × cols` of `c`.
#[inline(always)]
pub(super) unsafe fn tile<R: Register, const ROWS: usize, const VECTORS: usize>(tile: &Tile<R::Scalar>) {
    let &Tile { depth, a, a_rows, b, b_rows, c, c_row, cols, accumulate } = tile;
    // SAFETY: the caller vouches for the instruction set and for every address: the loops below stay within
    // `depth`, `ROWS`, `VECTORS · LANES` and `cols`. Starts alone may lie outside the operands, hence `wrapping`.
    unsafe {
        let rows: [*const R::Scalar; ROWS] = std::array::from_fn(|i| a.wrapping_offset(*a_rows.add(i)));
        // What is needed last takes longest to come.
        for i in 0..ROWS {
            ask_for::<R, VECTORS>(c.wrapping_add(i * c_row));
        }
        let sums: [[R; VECTORS]; ROWS] = match b_rows {
            Starts::Apart(stride) => sum(depth, rows, Apart { first: b, stride }),
            Starts::At(starts) => sum(depth, rows, At { from: b, starts }),
        };
        if cols < VECTORS * R::LANES {
            // A copy, so that the sums themselves have no address and can stay in registers.
            let spilled = sums;
            return store_part::<R::Scalar>(spilled.as_ptr().cast(), VECTORS * R::LANES, ROWS, tile);
        }
        for (i, sums) in sums.iter().enumerate() {
            for (vector, &sum) in sums.iter().enumerate() {
                let c = c.add(i * c_row + vector * R::LANES);
                let sum = if accumulate { R::load(c).add(sum) } else { sum };
                sum.store(c);
            }
        }
    }
}

/// The rows of a right operand.
trait Rows<T>: Copy {
    /// Whether the compiler reads all rows of a turn before it multiplies.
    const READ_FIRST: bool;

    /// Where row `p` starts.
    ///
    /// # Safety
    ///
    /// There is such a row.
    unsafe fn at<const VECTORS: usize, R: Register<Scalar = T>>(self, p: usize) -> *const T;
}

/// [`Starts::Apart`].
#[derive(Clone, Copy)]
struct Apart<T> {
    first: *const T,
    stride: isize,
}

impl<T: Copy> Rows<T> for Apart<T> {
    const READ_FIRST: bool = false;

    #[inline(always)]
    unsafe fn at<const VECTORS: usize, R: Register<Scalar = T>>(self, p: usize) -> *const T {
        let row = self.first.wrapping_offset((p as isize).wrapping_mul(self.stride));
        ask_for::<R, VECTORS>(row.wrapping_offset(AHEAD.wrapping_mul(self.stride)));
        row
    }
}

/// [`Starts::At`].
#[derive(Clone, Copy)]
struct At<T> {
    from: *const T,
    starts: *const isize,
}

impl<T: Copy> Rows<T> for At<T> {
    const READ_FIRST: bool = true;

    #[inline(always)]
    unsafe fn at<const VECTORS: usize, R: Register<Scalar = T>>(self, p: usize) -> *const T {
        // SAFETY: the caller says that there is a start for this row.
        self.from.wrapping_offset(unsafe { *self.starts.add(p) })
    }
}

/// Sums over the inner dimension.
///
/// # Safety
///
/// The machine has the instruction set of `R`. Readable are `depth` numbers at each of `a`, and `VECTORS · LANES` at each of as many rows
/// of `b`.
#[inline(always)]
unsafe fn sum<R: Register, B: Rows<R::Scalar>, const ROWS: usize, const VECTORS: usize>(
    depth: usize,
    a: [*const R::Scalar; ROWS],
    b: B,
) -> [[R; VECTORS]; ROWS] {
    // SAFETY: the caller vouches for the instruction set and for `depth` rows.
    unsafe {
        let mut sums = [[R::splat(R::Scalar::zeroed()); VECTORS]; ROWS];
        // Two rows a turn, since what else it takes is a tenth of its instructions, if there are registers for them and a factor.
        let turn = const { if B::READ_FIRST && (ROWS + 2) * VECTORS >= R::COUNT { 1 } else { 2 } };
        let mut p = 0;
        while p + turn <= depth {
            for p in p..p + turn {
                add_products(&mut sums, &a, p, b.at::<VECTORS, R>(p));
            }
            p += turn;
        }
        if p < depth {
            add_products(&mut sums, &a, p, b.at::<VECTORS, R>(p));
        }
        sums
    }
}

/// Adds the products of column `p` of the left operand and a row of the right one.
///
/// # Safety
///
/// The machine has the instruction set of `R`. Readable are number `p` at each of `a`, and `VECTORS · LANES` at `b`.
#[inline(always)]
unsafe fn add_products<R: Register, const ROWS: usize, const VECTORS: usize>(
    sums: &mut [[R; VECTORS]; ROWS],
    a: &[*const R::Scalar; ROWS],
    p: usize,
    b: *const R::Scalar,
) {
    // SAFETY: the caller vouches for the instruction set and for the addresses.
    unsafe {
        let mut row = [sums[0][0]; VECTORS];
        for (vector, into) in row.iter_mut().enumerate() {
            *into = R::load(b.add(vector * R::LANES));
        }
        for (a, sums) in a.iter().zip(sums) {
            let factor = R::splat(*a.add(p));
            for (sum, &b) in sums.iter_mut().zip(&row) {
                *sum = factor.mul_add(b, *sum);
            }
        }
    }
}

/// Asks for `VECTORS` registers at an address, where there may be nothing.
#[inline(always)]
fn ask_for<R: Register, const VECTORS: usize>(row: *const R::Scalar) {
    for at in (0..VECTORS * R::LANES).step_by(size_of::<Line>() / size_of::<R::Scalar>()) {
        prefetch_at(row.wrapping_add(at));
    }
}

/// Stores the first columns of a tile whose sums were spilled, in rows of `width`. Apart from the tile, which
/// exists in many sizes, because this is rare.
///
/// # Safety
///
/// Readable are `rows × width` numbers at `sums`, of which the tile's `cols` are a part; readable and
/// writable are `rows × cols` elements of the tile's `c`.
#[inline(never)]
unsafe fn store_part<T: Accumulator>(sums: *const T, width: usize, rows: usize, tile: &Tile<T>) {
    for i in 0..rows {
        for j in 0..tile.cols {
            // SAFETY: `i` and `j` stay below `rows` and `cols`, for which the caller vouches.
            unsafe {
                let (sum, c) = (*sums.add(i * width + j), tile.c.add(i * tile.c_row + j));
                *c = if tile.accumulate { (*c).add(sum) } else { sum };
            }
        }
    }
}

/// What one call computes: `c = a·b`, or `c += a·b`, for a row `a` of at most [`SWEPT_ROWS`] numbers.
pub(super) struct Sweep<T> {
    /// The row, and how many numbers it has.
    pub(super) a: [T; SWEPT_ROWS],
    pub(super) rows: usize,
    /// As many rows of the right operand, of `cols` neighbours each.
    pub(super) b: [*const T; SWEPT_ROWS],
    /// The row of the result.
    pub(super) c: *mut T,
    pub(super) cols: usize,
    /// Whether to add to what `c` holds.
    pub(super) accumulate: bool,
}

/// Rows of the right operand that are read side by side where each is read once, as it lies: so many streams the prefetcher
/// can follow.
pub(super) const SWEPT_ROWS: usize = 8;

/// Multiplies a row by some rows of a matrix. An element's arithmetic is that of [`tile`].
///
/// # Safety
///
/// The machine has the instruction set of `R`. Readable are `cols` numbers at each of the first `rows` pointers of `b`;
/// readable and writable are as many at `c`.
#[inline(always)]
pub(super) unsafe fn sweep<R: Register>(sweep: &Sweep<R::Scalar>) {
    // SAFETY: the caller's promise is the same. The compiler unrolls what it knows the number of.
    unsafe {
        match sweep.rows {
            SWEPT_ROWS => sweep_rows::<R>(sweep, SWEPT_ROWS),
            fewer => sweep_rows::<R>(sweep, fewer.min(SWEPT_ROWS)),
        }
    }
}

/// [`sweep`] of so many rows.
///
/// # Safety
///
/// As [`sweep`].
#[inline(always)]
unsafe fn sweep_rows<R: Register>(sweep: &Sweep<R::Scalar>, rows: usize) {
    let &Sweep { a, b, c, cols, accumulate, .. } = sweep;
    // SAFETY: the caller vouches for the instruction set, and for `cols` numbers wherever is read and written; the last
    // register's are copied to and from room of its own where fewer are left.
    unsafe {
        let factors: [R; SWEPT_ROWS] = std::array::from_fn(|p| R::splat(a[p]));
        let mut at = 0;
        while at + R::LANES <= cols {
            let mut sum = R::splat(R::Scalar::zeroed());
            for p in 0..rows {
                sum = factors[p].mul_add(R::load(b[p].add(at)), sum);
            }
            let sum = if accumulate { R::load(c.add(at)).add(sum) } else { sum };
            sum.store(c.add(at));
            at += R::LANES;
        }
        let left = cols - at;
        if left > 0 {
            let part = |from: *const R::Scalar| {
                let mut room = [R::Scalar::zeroed(); MAX_LANES];
                from.copy_to_nonoverlapping(room.as_mut_ptr(), left);
                R::load(room.as_ptr())
            };
            let mut sum = R::splat(R::Scalar::zeroed());
            for p in 0..rows {
                sum = factors[p].mul_add(part(b[p].add(at)), sum);
            }
            let sum = if accumulate { part(c.add(at)).add(sum) } else { sum };
            let mut room = [R::Scalar::zeroed(); MAX_LANES];
            sum.store(room.as_mut_ptr());
            room.as_ptr().copy_to_nonoverlapping(c.add(at), left);
        }
    }
}

/// Lanes of the widest register.
const MAX_LANES: usize = 16;

/// The inner product of two contiguous vectors.
///
/// # Safety
///
/// The machine has the instruction set of `R`, and `len` numbers are readable at `a` and at `b`.
#[inline(always)]
pub(super) unsafe fn dot<R: Register>(len: usize, a: *const R::Scalar, b: *const R::Scalar) -> R::Scalar {
    // Enough independent chains to hide the latency of a multiply-add.
    const CHAINS: usize = 4;
    // SAFETY: the caller vouches for the instruction set; all reads are below `len`.
    unsafe {
        let mut sums = [R::splat(R::Scalar::zeroed()); CHAINS];
        let mut at = 0;
        while at + CHAINS * R::LANES <= len {
            for (chain, sum) in sums.iter_mut().enumerate() {
                let at = at + chain * R::LANES;
                *sum = R::load(a.add(at)).mul_add(R::load(b.add(at)), *sum);
            }
            at += CHAINS * R::LANES;
        }
        while at + R::LANES <= len {
            sums[0] = R::load(a.add(at)).mul_add(R::load(b.add(at)), sums[0]);
            at += R::LANES;
        }
        let lanes = [sums[0].add(sums[1]).add(sums[2].add(sums[3]))];
        let lanes = lanes.as_ptr().cast::<R::Scalar>();
        let mut sum = R::Scalar::zeroed();
        for lane in 0..R::LANES {
            sum = sum.add(*lanes.add(lane));
        }
        while at < len {
            sum = (*a.add(at)).mul_add(*b.add(at), sum);
            at += 1;
        }
        sum
    }
}
