//! Floating-point elements, and the types that kernels compute them in.

use half::{bf16, f16};
use smallvec::SmallVec;
use tensorkeep_tensor::op::Spec;
use tensorkeep_tensor::{DType, Element, Error, Result, Tensor};

use crate::copy::to_contiguous;
use crate::gemm;
use crate::memory::Bytes;
use crate::storage::{Context, Stored, contiguous};
use crate::vecmath::Real;

/// A type that kernels compute in: `f32` or `f64`.
pub(crate) trait Wide: Stored + Real + Element + gemm::Accumulator {
    /// The nearest number of this type.
    fn nearest(x: f64) -> Self;
}

impl Wide for f32 {
    fn nearest(x: f64) -> Self {
        x as Self
    }
}

impl Wide for f64 {
    fn nearest(x: f64) -> Self {
        x
    }
}

/// Runs `$body` with `$t` standing for the type beside the float `$dtype`; an error for other dtypes, which no shape rule admits
/// where this is used.
macro_rules! by_float {
    ($dtype:expr, $t:ident => $body:expr; $($($float:ident)|+: $type:ty),+) => {
        match $dtype {
            $($(tensorkeep_tensor::DType::$float)|+ => {
                type $t = $type;
                $body
            })+
            tensorkeep_tensor::DType::I64
            | tensorkeep_tensor::DType::I32
            | tensorkeep_tensor::DType::U8
            | tensorkeep_tensor::DType::Bool => {
                Err(tensorkeep_tensor::Error::internal("cpu", "the shape rule admits floats alone"))
            }
        }
    };
}
pub(crate) use by_float;

/// [`by_float`] with the type of the elements themselves.
macro_rules! for_float {
    ($dtype:expr, $t:ident => $body:expr) => {
        $crate::float::by_float!($dtype, $t => $body; F32: f32, F64: f64, F16: half::f16, BF16: half::bf16)
    };
}
pub(crate) use for_float;

/// [`by_float`] with the type that elements are computed in. For kernels that would be compiled twice for the halves otherwise, and
/// once more for what they compute in.
macro_rules! for_wide {
    ($dtype:expr, $w:ident => $body:expr) => {
        $crate::float::by_float!($dtype, $w => $body; F32 | F16 | BF16: f32, F64: f64)
    };
}
pub(crate) use for_wide;

/// The same floats in the type that they are computed in: `x` itself, or a contiguous tensor.
pub(crate) fn widened(cpu: &Context<'_>, x: &Tensor) -> Result<Tensor> {
    fn of_half<T: Stored + gemm::Element<Sum = f32>>(cpu: &Context<'_>, x: &Tensor) -> Result<Tensor> {
        let x = to_contiguous(cpu, x)?;
        let data = contiguous::<T>(&x)?;
        cpu.filled(&Spec::new(*x.shape(), DType::F32), |out| {
            T::widen_slice(data, out);
            Ok(())
        })
    }
    match x.dtype() {
        DType::F16 => of_half::<f16>(cpu, x),
        DType::BF16 => of_half::<bf16>(cpu, x),
        _ => Ok(x.clone()),
    }
}

impl Context<'_> {
    /// A result that `fill` computes in the type for its elements.
    pub(crate) fn computed<W: Wide>(
        &self,
        spec: &Spec,
        fill: impl FnOnce(&mut [W]) -> Result<()>,
    ) -> Result<Tensor> {
        let [y] = self.all_computed([spec], |[y]| fill(y))?;
        Ok(y)
    }

    /// [`computed`](Self::computed) for several results.
    pub(crate) fn all_computed<W: Wide, const N: usize>(
        &self,
        specs: [&Spec; N],
        fill: impl FnOnce([&mut [W]; N]) -> Result<()>,
    ) -> Result<[Tensor; N]> {
        let mut wide: SmallVec<[Bytes; N]> = SmallVec::new();
        for spec in specs {
            wide.push(self.alloc(&Spec::new(spec.shape, <W as Element>::DTYPE))?);
        }
        let Ok(mut wide) = wide.into_inner() else { return Err(miscounted()) };
        fill(wide.each_mut().map(Bytes::as_mut_slice))?;
        let mut results: SmallVec<[Tensor; N]> = SmallVec::new();
        for (spec, wide) in specs.into_iter().zip(wide) {
            results.push(self.narrowed(wide, spec)?);
        }
        results.into_inner().map_err(|_| miscounted())
    }

    /// Numbers in the type that elements were computed in, as these elements.
    fn narrowed(&self, wide: Bytes, spec: &Spec) -> Result<Tensor> {
        fn to_half<T: Stored + gemm::Element<Sum = f32>>(
            cpu: &Context<'_>,
            wide: &Bytes,
            spec: &Spec,
        ) -> Result<Tensor> {
            cpu.filled(spec, |out: &mut [T]| {
                T::narrow_slice(wide.as_slice(), out);
                Ok(())
            })
        }
        match spec.dtype {
            DType::F16 => to_half::<f16>(self, &wide, spec),
            DType::BF16 => to_half::<bf16>(self, &wide, spec),
            _ => Ok(self.tensor(wide, spec)),
        }
    }
}

#[cold]
fn miscounted() -> Error {
    Error::internal("cpu", "as many results as specs")
}
