//! Activations with settings, as layers. Those without are functions of tensors, which are layers as they are.

use tensorkeep_tensor::{DType, Result, Rng, Tensor};

use crate::{Context, Description, Layer, Module, Rebuild, Settings};

macro_rules! activations {
    ($($(#[$doc:meta])* $layer:ident $name:literal $method:ident { $($setting:ident: $default:literal $meaning:literal),* })*) => {$(
        $(#[$doc])*
        #[doc = concat!("\n\nThe layer of [`Tensor::", stringify!($method), "`].")]
        ///
        /// # Errors
        ///
        /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a setting that is not finite or out of range.
        #[derive(Clone, Copy, Debug, Module)]
        pub struct $layer {
            $(#[doc = $meaning] #[module(skip)] pub $setting: f64,)*
        }

        impl Default for $layer {
            fn default() -> Self {
                Self { $($setting: $default),* }
            }
        }

        impl Layer for $layer {
            #[track_caller]
            fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
                x.$method($(self.$setting),*)
            }

            #[track_caller]
            fn describe(&self) -> Result<Description> {
                Description::of(self)
            }
        }

        impl Rebuild for $layer {
            const NAME: &'static str = $name;

            #[track_caller]
            fn settings(&self) -> Result<Settings> {
                Ok(Settings::new()$(.with(stringify!($setting), self.$setting))*)
            }

            #[track_caller]
            fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
                let layer = Self { $($setting: settings.take_float(stringify!($setting))?),* };
                // Settings out of range are refused where the function is applied.
                layer.forward(&Tensor::zeros([1], DType::F32, rng.device())?)?;
                Ok(layer)
            }
        }
    )*};
}

activations! {
    /// `x` above 0, `slope · x` elsewhere, `slope` being 0.01 by default.
    ///
    /// ```
    /// use tensorkeep_nn::Layer;
    /// use tensorkeep_nn::layers::LeakyRelu;
    /// use tensorkeep_tensor::{DType, Tensor, meta};
    ///
    /// let x = Tensor::zeros([2, 3], DType::F32, &meta::device())?;
    /// assert_eq!(LeakyRelu { slope: 0.2 }.forward(&x)?.shape(), x.shape());
    /// assert!(LeakyRelu { slope: f64::NAN }.forward(&x).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    LeakyRelu "nn.leaky_relu" leaky_relu { slope: 0.01 "The slope below 0, of any sign." }

    /// `x` above 0, `α (eˣ − 1)` elsewhere, `α` being 1 by default.
    Elu "nn.elu" elu { alpha: 1.0 "`α`, of any sign." }

    /// `x` above 0, `α (e^(x/α) − 1)` elsewhere, `α` being 1 by default.
    Celu "nn.celu" celu { alpha: 1.0 "`α`, other than 0." }

    /// `log(1 + e^(βx))/β`, `β` being 1 by default. PyTorch takes `x` itself for it where `βx` is beyond 20; this is exact.
    Softplus "nn.softplus_by" softplus_by { beta: 1.0 "`β`, above 0." }

    /// `x` brought `λ` nearer to 0, and 0 within that distance of it, `λ` being ½ by default.
    SoftShrink "nn.soft_shrink" soft_shrink { lambda: 0.5 "`λ`, not negative." }

    /// 0 within `λ` of 0, `x` elsewhere, `λ` being ½ by default.
    HardShrink "nn.hard_shrink" hard_shrink { lambda: 0.5 "`λ`, not negative." }

    /// `x` within `low..high`, the nearer bound elsewhere; −1 and 1 by default.
    HardTanh "nn.hard_tanh" hard_tanh { low: -1.0 "The lower bound.", high: 1.0 "The upper bound." }

    /// `x` above `threshold`, `value` elsewhere; 1 and 0 by default, the thresholded rectifier.
    Threshold "nn.threshold" threshold { threshold: 1.0 "Above it, `x` stays.", value: 0.0 "What else becomes." }
}
