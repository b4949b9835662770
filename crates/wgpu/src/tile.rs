//! How the product of two matrices falls into tiles, one a workgroup.

use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::Spec;
use tensorkeep_tensor::{DType, Result, Shape, Tensor};

use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;
use crate::reduce::folded;

/// The sizes of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    pub(crate) batches: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// The length of the sums.
    pub(crate) depth: usize,
}

/// How the threads of a workgroup share a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    row_threads: u32,
    column_threads: u32,
    /// Groups of four rows of a thread.
    row_quads: u32,
    column_quads: u32,
    /// Steps of the sums that are in workgroup memory at a time.
    depth: u32,
    /// What a multiplication costs: the fewer elements a thread has, the more often it reads for one.
    price: u64,
    /// Below as many workgroups, much of a large adapter would have nothing to do.
    enough: u64,
}

impl Tile {
    const fn new(threads: [u32; 2], quads: [u32; 2], depth: u32, price: u64, enough: u64) -> Self {
        let ([row_threads, column_threads], [row_quads, column_quads]) = (threads, quads);
        Self { row_threads, column_threads, row_quads, column_quads, depth, price, enough }
    }

    /// Whether threads have columns in common, so that it pays to read them once for all.
    fn shared(self) -> bool {
        self.row_threads > 1
    }

    /// Steps that are written out. What is not shared takes much text to read, so one step of it must do.
    fn written(self) -> u32 {
        if self.shared() { self.depth } else { 1 }
    }
}

/// None takes more than the 16 KiB of workgroup memory that every adapter has. The flat ones are for products of few rows, as
/// convolutions of few channels are.
const TILES: [Tile; 8] = [
    Tile::new([16, 16], [2, 2], 8, 9, 256),
    Tile::new([8, 8], [2, 2], 16, 10, 0),
    Tile::new([8, 8], [1, 1], 16, 18, 0),
    Tile::new([2, 32], [2, 2], 8, 11, 24),
    Tile::new([2, 32], [2, 1], 16, 14, 0),
    Tile::new([1, 64], [2, 2], 16, 11, 24),
    Tile::new([1, 64], [2, 1], 16, 12, 0),
    Tile::new([2, 8], [1, 1], 16, 32, 0),
];

/// Products with fewer workgroups are split along their sums.
const WORKGROUPS: u64 = 128;
/// Splits are at least as long, or adding them up would cost more than it gains.
const SPLIT: u64 = 512;

/// A product cut into tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tiling {
    tile: Tile,
    row_tiles: u64,
    column_tiles: u64,
    batches: u64,
    /// The length of the sums, of the part of one workgroup, and how many parts.
    depth: u64,
    split: u64,
    splits: u64,
}

impl Tiling {
    /// The cheapest way. It depends on the sizes alone, so that results do not depend on anything else.
    pub(crate) fn of(product: &Product) -> Self {
        let [batches, rows, columns, depth] =
            [product.batches, product.rows, product.columns, product.depth].map(|n| n as u64);
        let cut = |tile: Tile| {
            let row_tiles = rows.div_ceil(tile.rows());
            let column_tiles = columns.div_ceil(tile.columns());
            Self { tile, row_tiles, column_tiles, batches, depth, split: depth, splits: 1 }
        };
        let cost = |tiling: &Self| {
            let tile = tiling.tile;
            let area = (tile.rows() * tile.columns()).saturating_mul(tiling.groups());
            (tiling.groups() < tile.enough, area.saturating_mul(tile.price))
        };
        let mut best = cut(TILES[0]);
        for tiling in TILES.into_iter().map(cut) {
            if cost(&tiling) < cost(&best) {
                best = tiling;
            }
        }
        best.split()
    }

    /// Cut along the sums too, if there are few tiles.
    fn split(mut self) -> Self {
        let splits = (WORKGROUPS / self.groups().max(1)).min(self.depth / SPLIT).max(1);
        self.split = self.depth.div_ceil(splits).next_multiple_of(u64::from(self.tile.depth));
        self.splits = self.depth.div_ceil(self.split);
        self
    }

    fn groups(&self) -> u64 {
        self.row_tiles
            .saturating_mul(self.column_tiles)
            .saturating_mul(self.batches)
            .saturating_mul(self.splits)
    }

    /// The parameters that `parts/tile.wgsl` reads.
    #[track_caller]
    pub(crate) fn params(&self, context: &Context<'_>) -> Result<[u32; 6]> {
        let numbers = [self.groups(), self.row_tiles, self.column_tiles, self.depth, self.split, self.splits];
        let mut params = [0; 6];
        for (param, number) in params.iter_mut().zip(numbers) {
            *param = context.count(usize::try_from(number).unwrap_or(usize::MAX))?;
        }
        Ok(params)
    }

    /// Runs the kernel of a product, and where its sums were split, the one that adds them up.
    ///
    /// `variant` has all set but the tile and the elements of the result; `y` is of `element`.
    #[track_caller]
    pub(crate) fn launch(
        &self,
        context: &Context<'_>,
        variant: Variant,
        params: &[u32],
        reads: &[&Tensor],
        y: &Tensor,
    ) -> Result<()> {
        let element = context.element(y)?;
        if self.splits == 1 {
            let variant = self.tile.set(variant, element, element);
            return context.launch(variant, params, reads, std::slice::from_ref(y), self.groups());
        }
        let dtype = if y.dtype() == DType::F16 { DType::F32 } else { y.dtype() };
        let splits = context.count(self.splits as usize)?;
        let partial = context.alloc(&Spec::new(Shape::new(&[splits as usize, y.elements()])?, dtype))?;
        let variant = self.tile.set(variant, element, folded(element));
        context.launch(variant, params, reads, std::slice::from_ref(&partial), self.groups())?;
        let count = context.count(y.elements())?;
        let groups = u64::from(count).div_ceil(256);
        context.launch(split_sum(element), &[count, splits], &[&partial], std::slice::from_ref(y), groups)
    }
}

/// The kernel that adds up splits.
fn split_sum(element: Element) -> Variant {
    with_result(Variant::of(Shader::SplitSum).element("V", folded(element)), element)
}

/// Sets what becomes of sums when they are done.
pub(crate) fn with_result(variant: Variant, element: Element) -> Variant {
    let mask = if element == Element::U8 { 255 } else { u32::MAX };
    variant.constant("MASK", mask).element("Y", element)
}

impl Tile {
    fn rows(self) -> u64 {
        u64::from(4 * self.row_threads * self.row_quads)
    }

    fn columns(self) -> u64 {
        u64::from(4 * self.column_threads * self.column_quads)
    }

    /// The kernel for sums of `element`s that are written as `result`: split ones are not yet wrapped or rounded.
    fn set(self, variant: Variant, element: Element, result: Element) -> Variant {
        let variant = match result == element {
            true => with_result(variant, element),
            false => variant.element("Y", result),
        };
        variant
            .element("V", folded(element))
            .constant("ROW_THREADS", self.row_threads)
            .constant("COLUMN_THREADS", self.column_threads)
            .constant("ROW_QUADS", self.row_quads)
            .constant("COLUMN_QUADS", self.column_quads)
            .constant("DEPTH", self.depth)
            .constant("SHARED", u32::from(self.shared()))
            .constant("WRITTEN", self.written())
    }
}

/// Every variant of a product of `element`s.
#[cfg(test)]
pub(crate) fn variants(variant: &Variant, element: Element) -> Vec<Variant> {
    let of = |tile: Tile| [element, folded(element)].map(|result| tile.set(variant.clone(), element, result));
    TILES.into_iter().flat_map(of).chain([split_sum(element)]).collect()
}
