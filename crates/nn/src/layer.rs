//! The trait of everything that maps a tensor to a tensor.

use std::any::type_name;

use tensorkeep_tensor::{Error, ErrorKind, Result, Tensor};

use crate::{Context, Description, Module, Settings, functions};

/// Whatever maps a tensor to a tensor: a layer, a model, an activation.
///
/// A layer writes [`forward_with`](Self::forward_with); [`forward`](Self::forward) is evaluation. Any
/// `Fn(&Tensor) -> Result<Tensor> + Send + Sync` is a layer, so `Tensor::relu` is one.
///
/// ```
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_nn::{Context, Layer, Module};
/// use tensorkeep_tensor::{DType, Result, Rng, Tensor, meta};
///
/// /// `x + relu(W x + b)`.
/// #[derive(Clone, Debug, Module)]
/// struct Residual {
///     inner: Dense,
/// }
///
/// impl Layer for Residual {
///     fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
///         x + cx.run("inner", &self.inner, x)?.relu()
///     }
/// }
///
/// let device = meta::device();
/// let block = Residual { inner: Dense::new(8, 8, &mut Rng::new(0, &device))? };
/// let good = Tensor::zeros([2, 8], DType::F32, &device)?;
/// assert_eq!(*block.forward(&good)?.shape(), [2, 8]);
///
/// let bad = Tensor::zeros([2, 7], DType::F32, &device)?;
/// assert_eq!(block.forward(&bad).unwrap_err().layer(), "inner");
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a layer",
    label = "not a layer",
    note = "layers are types that implement `Layer`; tuples, arrays, vectors and options of layers; and functions \
            `Fn(&Tensor) -> Result<Tensor> + Send + Sync`",
    note = "a closure needs the type of its argument: `|x: &Tensor| x.tanh()`"
)]
pub trait Layer: Module + Send + Sync {
    /// The result for `x`, in training or evaluation as `cx` says.
    ///
    /// Layers inside this one are run by [`Context::run`], which tells errors and random numbers apart by place.
    ///
    /// # Errors
    ///
    /// If `x` does not fit, with the path of the layer that it does not fit.
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor>;

    /// The result for `x` in evaluation: nothing is random, running statistics stay.
    ///
    /// # Errors
    ///
    /// As for [`forward_with`](Self::forward_with).
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_with(x, &Context::evaluation())
    }

    /// What a summary calls it; the name of its type unless it says otherwise.
    fn kind(&self) -> &'static str {
        let name = type_name::<Self>();
        let bare = name.split_once('<').map_or(name, |(bare, _)| bare);
        last_name(bare)
    }

    /// What it is as data, from which it can be [built again](crate::Rebuild).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] if it does not say: functions that are none of [`functions`](crate::functions()), and
    /// layers that do not implement this.
    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Err(opaque(self.kind()))
    }
}

#[track_caller]
#[cold]
fn opaque(kind: &str) -> Error {
    let message =
        format!("{kind} does not say what it is as data: implement Rebuild and Layer::describe for it");
    Error::new(ErrorKind::Unsupported, "describe", message)
}

impl<F: Fn(&Tensor) -> Result<Tensor> + Send + Sync> Layer for F {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        self(x)
    }

    fn kind(&self) -> &'static str {
        match last_name(type_name::<F>()) {
            "{{closure}}" => "closure",
            name => name,
        }
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        match functions::name_of::<F>() {
            Some(name) => Ok(Description::Layer { name, version: 1, settings: Settings::new() }),
            None => Err(code(self.kind())),
        }
    }
}

#[track_caller]
#[cold]
fn code(kind: &str) -> Error {
    let message = format!(
        "{kind} is code, which files do not hold: use one of `functions`, such as Tensor::relu, or a layer \
         that implements Rebuild"
    );
    Error::new(ErrorKind::Unsupported, "describe", message)
}

/// `c` of `a::b::c`.
pub(crate) fn last_name(path: &'static str) -> &'static str {
    path.rsplit_once("::").map_or(path, |(_, last)| last)
}

#[cfg(test)]
mod tests {
    use tensorkeep_tensor::{DType, meta};

    use super::*;
    use crate::layers::{Flatten, MaxPool};

    #[test]
    fn kinds_are_short_names() {
        let closure = |x: &Tensor| x.tanh();
        let rows: [(&dyn Layer, &str); 4] = [
            (&Flatten, "Flatten"),
            (&MaxPool::new([2, 2]), "MaxPool"),
            (&Tensor::relu, "relu"),
            (&closure, "closure"),
        ];
        for (layer, want) in rows {
            assert_eq!(layer.kind(), want);
        }
    }

    #[test]
    fn errors_are_blamed_on_the_line_that_runs_the_model() {
        let x = Tensor::zeros([2, 3], DType::F32, &meta::device()).unwrap();
        let model = (Tensor::relu, (Flatten, |x: &Tensor| x.transpose(0, 5)));
        let line = line!() + 1;
        let error = model.forward(&x).unwrap_err();
        assert_eq!((error.location().file(), error.location().line()), (file!(), line));
        assert_eq!(error.layer(), "1.1");
    }
}
