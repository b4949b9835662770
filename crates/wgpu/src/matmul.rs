//! Batched matrix products.

use smallvec::{SmallVec, smallvec};
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::op::{MatMul, Spec};
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::axes::{Axes, Axis, merge, push_axes};
use crate::context::Context;
use crate::element::Element;
use crate::kernel::Variant;
use crate::map;
use crate::reduce::folded;
use crate::tile::{Product, Tiling, with_result};

/// Products with fewer multiplications are not worth a tile.
const TINY: usize = 4096;
/// Tiles are for matrices with as many rows and columns.
const NARROW: usize = 4;
/// A wide product has its longer axis as columns, of which tiles have more than rows.
const WIDE: usize = 64;
/// Threads in a workgroup of teams.
const THREADS: usize = 256;
/// Threads that keep a large adapter busy.
const BUSY: usize = 1 << 16;
/// Steps of a sum that a thread takes at least.
const STEPS: usize = 8;

/// One factor: where its matrices lie.
#[derive(Clone, Debug)]
struct Factor<'a> {
    x: &'a Tensor,
    /// Strides along the axis of the result, and along the one that is summed over.
    outer: isize,
    inner: isize,
    batch: Axes,
}

pub(crate) fn apply(context: &Context<'_>, op: &MatMul, inputs: &[&Tensor]) -> Result<Outputs> {
    let (&[a, b, ref more @ ..], [spec]) = (inputs, context.results) else {
        return Err(Error::internal("matmul", "a product takes two operands and gives one result"));
    };
    let y = context.alloc(&Spec::new(spec.shape, a.dtype()))?;
    multiply(context, a, b, &y)?;
    let Some(epilogue) = &op.epilogue else { return Ok(smallvec![y]) };
    let operands: SmallVec<[&Tensor; 4]> = std::iter::once(&y).chain(more.iter().copied()).collect();
    map::apply(context, epilogue, &operands)
}

fn multiply(context: &Context<'_>, a: &Tensor, b: &Tensor, y: &Tensor) -> Result<()> {
    let ([.., rows, depth], [batch @ .., _, columns]) = (a.shape().sizes(), y.shape().sizes()) else {
        return Err(Error::internal("matmul", "a matrix has two axes"));
    };
    let product = Product { batches: batch.iter().product(), rows: *rows, columns: *columns, depth: *depth };
    let left = Factor::of(a, 0, batch);
    let right = Factor::of(b, 1, batch);
    let work = product.rows.saturating_mul(product.columns).saturating_mul(product.depth);
    if product.rows.min(product.columns) < NARROW || work < TINY {
        dot(context, &product, &left, &right, y)
    } else {
        tiled(context, product, left, right, y)
    }
}

impl<'a> Factor<'a> {
    /// The factor `x`, whose axis `outer` of the last two is one of the result's.
    fn of(x: &'a Tensor, outer: usize, batch: &[usize]) -> Self {
        let (sizes, strides) = (x.layout().shape().sizes(), x.layout().strides());
        let own = sizes.len() - 2;
        let added = batch.len() - own;
        let stride =
            |axis: usize| if axis >= added && sizes[axis - added] != 1 { strides[axis - added] } else { 0 };
        let batch = merge(batch.iter().enumerate().map(|(axis, &size)| Axis::of(size, stride(axis))));
        Self { x, outer: strides[own + outer], inner: strides[own + 1 - outer], batch }
    }

    fn offset(&self) -> u32 {
        self.x.layout().offset() as u32
    }
}

/// A team of threads for each element.
fn dot(context: &Context<'_>, product: &Product, a: &Factor<'_>, b: &Factor<'_>, y: &Tensor) -> Result<()> {
    let elements = context.count(y.elements())?;
    let team = team(y.elements(), product.depth);
    let mut params: SmallVec<[u32; 48]> = smallvec![
        elements,
        context.count(product.rows)?,
        context.count(product.columns)?,
        context.count(product.depth)?,
        a.offset(),
        a.outer as u32,
        a.inner as u32,
        b.offset(),
        b.inner as u32,
        b.outer as u32,
        a.batch.len() as u32,
        b.batch.len() as u32,
    ];
    push_axes(&mut params, &a.batch);
    push_axes(&mut params, &b.batch);
    let variant = dot_variant(context.element(y)?, team);
    let groups = u64::from(elements).div_ceil((THREADS / team) as u64);
    context.launch(variant, &params, &[a.x, b.x], std::slice::from_ref(y), groups)
}

fn dot_variant(element: Element, team: usize) -> Variant {
    let variant = Variant::of(Shader::MatMulDot).constant("TEAM", team as u32);
    with_result(variant.element("V", folded(element)).element("A", element), element)
}

/// How many threads share a sum of `depth` steps: a power of 2, more the fewer sums there are.
fn team(elements: usize, depth: usize) -> usize {
    let team = (BUSY / elements.max(1)).min(depth / STEPS).clamp(1, THREADS);
    1 << team.ilog2()
}

/// A workgroup for each tile.
fn tiled(context: &Context<'_>, product: Product, a: Factor<'_>, b: Factor<'_>, y: &Tensor) -> Result<()> {
    let (rows, columns) = (product.rows, product.columns);
    let exchanged = columns < WIDE && rows > columns;
    let (product, [a, b], strides) = match exchanged {
        true => (Product { rows: columns, columns: rows, ..product }, [b, a], [1, columns]),
        false => (product, [a, b], [columns, 1]),
    };
    let tiling = Tiling::of(&product);
    let mut params: SmallVec<[u32; 48]> = tiling.params(context)?.as_slice().into();
    params.extend([
        context.count(product.rows)?,
        context.count(product.columns)?,
        a.offset(),
        a.outer as u32,
        a.inner as u32,
        b.offset(),
        b.inner as u32,
        b.outer as u32,
        context.count(rows * columns)?,
        context.count(strides[0])?,
        context.count(strides[1])?,
        context.count(y.elements())?,
        a.batch.len() as u32,
        b.batch.len() as u32,
    ]);
    push_axes(&mut params, &a.batch);
    push_axes(&mut params, &b.batch);
    tiling.launch(context, tile_variant(context.element(y)?), &params, &[a.x, b.x], y)
}

fn tile_variant(element: Element) -> Variant {
    Variant::of(Shader::MatMulTile).element("A", element)
}

/// Every variant that can be asked for.
#[cfg(test)]
pub(crate) fn variants() -> Vec<Variant> {
    let mut variants = Vec::new();
    for element in [Element::F32, Element::F16, Element::I32, Element::U8] {
        variants.extend([1, THREADS].map(|team| dot_variant(element, team)));
        variants.extend(crate::tile::variants(&tile_variant(element), element));
    }
    variants
}
