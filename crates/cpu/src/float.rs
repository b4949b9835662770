//! Floating-point elements, and the types that kernels compute them in.

use half::{bf16, f16};
use smallvec::SmallVec;
use tensorkeep_tensor::op::Spec;
use tensorkeep_tensor::{DType, Element, Error, Result, Tensor};

use crate::copy::to_contiguous;
use crate::gemm;
use crate::memory::Bytes;
use crate::reduce::Number;
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

/// A floating-point element. The halves compute in `f32` and are rounded once, at the end.
pub(crate) trait Float: Stored + Element + gemm::Element<Sum: Wide + Number<Wide = f64>> {}

impl Float for f32 {}
impl Float for f64 {}
impl Float for f16 {}
impl Float for bf16 {}

/// The type in which elements of `T` are computed.
pub(crate) type WideOf<T> = <T as gemm::Element>::Sum;

/// Runs `$body` with `$t` standing for the float type of elements of `$dtype`; an error for other dtypes, which no shape
/// rule admits where this is used.
macro_rules! for_float {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            tensorkeep_tensor::DType::F32 => {
                type $t = f32;
                $body
            }
            tensorkeep_tensor::DType::F64 => {
                type $t = f64;
                $body
            }
            tensorkeep_tensor::DType::F16 => {
                type $t = half::f16;
                $body
            }
            tensorkeep_tensor::DType::BF16 => {
                type $t = half::bf16;
                $body
            }
            tensorkeep_tensor::DType::I64
            | tensorkeep_tensor::DType::I32
            | tensorkeep_tensor::DType::U8
            | tensorkeep_tensor::DType::Bool => {
                Err(tensorkeep_tensor::Error::internal("cpu", "the shape rule admits floats alone"))
            }
        }
    };
}
pub(crate) use for_float;

/// The same elements in the type that they are computed in: `x` itself, or a contiguous tensor.
pub(crate) fn widened<T: Float>(cpu: &Context<'_>, x: &Tensor) -> Result<Tensor> {
    let dtype: DType = <WideOf<T> as Element>::DTYPE;
    if x.dtype() == dtype {
        return Ok(x.clone());
    }
    let x = to_contiguous(cpu, x)?;
    let data = contiguous::<T>(&x)?;
    cpu.filled(&Spec::new(*x.shape(), dtype), |out| {
        <T as gemm::Element>::widen_slice(data, out);
        Ok(())
    })
}

impl Context<'_> {
    /// A result of elements `T` that `fill` computes in the wider type.
    pub(crate) fn computed<T: Float>(
        &self,
        spec: &Spec,
        fill: impl FnOnce(&mut [WideOf<T>]) -> Result<()>,
    ) -> Result<Tensor> {
        let [y] = self.all_computed::<T, 1>([spec], |[y]| fill(y))?;
        Ok(y)
    }

    /// [`computed`](Self::computed) for several results.
    pub(crate) fn all_computed<T: Float, const N: usize>(
        &self,
        specs: [&Spec; N],
        fill: impl FnOnce([&mut [WideOf<T>]; N]) -> Result<()>,
    ) -> Result<[Tensor; N]> {
        let dtype: DType = <WideOf<T> as Element>::DTYPE;
        let mut wide: SmallVec<[Bytes; N]> = SmallVec::new();
        for spec in specs {
            wide.push(self.alloc(&Spec::new(spec.shape, dtype))?);
        }
        let Ok(mut wide) = wide.into_inner() else {
            return Err(Error::internal("cpu", "as many results as specs"));
        };
        fill(wide.each_mut().map(Bytes::as_mut_slice))?;
        let mut results: SmallVec<[Tensor; N]> = SmallVec::new();
        for (spec, wide) in specs.into_iter().zip(wide) {
            results.push(if spec.dtype == dtype {
                self.tensor(wide, spec)
            } else {
                self.filled(spec, |out: &mut [T]| {
                    let narrowed = wide.as_slice().iter().map(|&x| <T as gemm::Element>::narrow(x));
                    out.iter_mut().zip(narrowed).for_each(|(to, x)| *to = x);
                    Ok(())
                })?
            });
        }
        results.into_inner().map_err(|_| Error::internal("cpu", "as many results as specs"))
    }
}
