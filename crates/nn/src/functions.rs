//! The functions of tensors that files know by name.

use std::any::{type_name, type_name_of_val};

use tensorkeep_tensor::Tensor;

use crate::Boxed;

macro_rules! functions {
    ($($function:ident)*) => {
        /// The functions of tensors that are layers of no settings and no tensors, by their names in files: `nn.relu` is
        /// [`Tensor::relu`]. Their version is 1.
        pub fn functions() -> Vec<(&'static str, Boxed)> {
            vec![$((concat!("nn.", stringify!($function)), Boxed::new(Tensor::$function))),*]
        }

        /// The name of a function in files, if it is in the table.
        ///
        /// Every function is a type of its own. Types that need not be `'static` can be told apart by their full name
        /// alone; the names are compared with those that the same compiler gives to the functions of the table.
        pub(crate) fn name_of<F>() -> Option<&'static str> {
            named(type_name::<F>())
        }

        // Compiled once, not for each layer.
        fn named(name: &str) -> Option<&'static str> {
            $(if name == type_name_of_val(&Tensor::$function) {
                return Some(concat!("nn.", stringify!($function)));
            })*
            None
        }
    };
}

functions! {
    relu relu6 gelu gelu_tanh swish hard_swish hard_sigmoid log_sigmoid logit softplus softsign selu mish lisht
    log_cosh tanh_shrink tanh sigmoid softmax log_softmax softmin
    neg abs sign recip sqrt rsqrt exp expm1 log log1p sin cos tan erf floor ceil round
}

#[cfg(test)]
mod tests {
    use tensorkeep_tensor::Result;

    use super::*;
    use crate::{Description, Layer};

    #[test]
    fn functions_are_known_by_their_types() {
        fn relu(x: &Tensor) -> Result<Tensor> {
            x.tanh()
        }
        let name = |layer: &dyn Layer| match layer.describe() {
            Ok(Description::Layer { name, version: 1, .. }) => Some(name),
            _ => None,
        };
        for (known, layer) in functions() {
            assert_eq!(name(&layer), Some(known));
        }
        let pointer: fn(&Tensor) -> Result<Tensor> = Tensor::relu;
        let closure = |x: &Tensor| x.relu();
        let others: [&dyn Layer; 4] = [&relu, &pointer, &closure, &Tensor::t];
        for (i, layer) in others.into_iter().enumerate() {
            assert_eq!(name(layer), None, "row {i}");
        }
    }
}
