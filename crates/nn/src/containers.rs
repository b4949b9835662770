//! Layers made of layers: tuples, vectors, arrays, options. Each feeds its result to the next.

use tensorkeep_tensor::{Result, Tensor};

use crate::{Context, Description, Layer, Step};

/// Runs layers one after another, each at its place.
#[track_caller]
pub(crate) fn chain<'a>(
    layers: impl Iterator<Item = (Step<'a>, &'a dyn Layer)>,
    x: &Tensor,
    cx: &Context,
) -> Result<Tensor> {
    let mut y = x.clone();
    for (step, layer) in layers {
        y = cx.run(step, layer, &y)?;
    }
    Ok(y)
}

/// What layers one after another are as data.
#[track_caller]
pub(crate) fn described<'a>(layers: impl Iterator<Item = (Step<'a>, &'a dyn Layer)>) -> Result<Description> {
    let mut parts = Vec::new();
    for (step, layer) in layers {
        let name = step.to_string();
        let part = layer.describe().map_err(|error| error.within(name.as_str()))?;
        parts.push((name, part));
    }
    Ok(Description::Chain(parts))
}

/// Layers at their positions.
fn numbered<'a>(
    layers: impl Iterator<Item = &'a dyn Layer>,
) -> impl Iterator<Item = (Step<'a>, &'a dyn Layer)> {
    layers.enumerate().map(|(i, layer)| (Step::Index(i), layer))
}

macro_rules! indexed {
    ($([$($generics:tt)*] $type:ty, $kind:literal;)*) => {$(
        impl<$($generics)*> Layer for $type {
            #[track_caller]
            fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
                chain(numbered(self.iter().map(|layer| layer as &dyn Layer)), x, cx)
            }

            fn kind(&self) -> &'static str {
                $kind
            }

            #[track_caller]
            fn describe(&self) -> Result<Description> {
                described(numbered(self.iter().map(|layer| layer as &dyn Layer)))
            }
        }
    )*};
}

indexed! {
    [L: Layer] Vec<L>, "Vec";
    [L: Layer, const N: usize] [L; N], "array";
}

/// `None` is the identity.
impl<L: Layer> Layer for Option<L> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        match self {
            Some(layer) => layer.forward_with(x, cx),
            None => Ok(x.clone()),
        }
    }

    fn kind(&self) -> &'static str {
        self.as_ref().map_or("None", Layer::kind)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        match self {
            Some(layer) => layer.describe(),
            None => Ok(Description::Chain(Vec::new())),
        }
    }
}

macro_rules! tuples {
    ($(($($name:ident $i:tt)+))*) => {$(
        impl<$($name: Layer),+> Layer for ($($name,)+) {
            #[track_caller]
            fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
                chain(numbered([$(&self.$i as &dyn Layer),+].into_iter()), x, cx)
            }

            fn kind(&self) -> &'static str {
                "tuple"
            }

            #[track_caller]
            fn describe(&self) -> Result<Description> {
                described(numbered([$(&self.$i as &dyn Layer),+].into_iter()))
            }
        }
    )*};
}

tuples! {
    (A 0)
    (A 0 B 1)
    (A 0 B 1 C 2)
    (A 0 B 1 C 2 D 3)
    (A 0 B 1 C 2 D 3 E 4)
    (A 0 B 1 C 2 D 3 E 4 G 5)
    (A 0 B 1 C 2 D 3 E 4 G 5 H 6)
    (A 0 B 1 C 2 D 3 E 4 G 5 H 6 I 7)
    (A 0 B 1 C 2 D 3 E 4 G 5 H 6 I 7 J 8)
    (A 0 B 1 C 2 D 3 E 4 G 5 H 6 I 7 J 8 K 9)
    (A 0 B 1 C 2 D 3 E 4 G 5 H 6 I 7 J 8 K 9 L 10)
    (A 0 B 1 C 2 D 3 E 4 G 5 H 6 I 7 J 8 K 9 L 10 M 11)
}

#[cfg(test)]
mod tests {
    use tensorkeep_tensor::{DType, meta};

    use super::*;

    type Function = fn(&Tensor) -> Result<Tensor>;

    /// What each container makes of `[2, 3]` if its layers transpose.
    #[test]
    fn containers_run_their_layers_in_order() {
        let t: Function = Tensor::t;
        let rows: [(&dyn Layer, [usize; 2], &str); 7] = [
            (&(t,), [3, 2], "tuple"),
            (&(t, t), [2, 3], "tuple"),
            (&vec![t; 3], [3, 2], "Vec"),
            (&Vec::<Function>::new(), [2, 3], "Vec"),
            (&[t; 2], [2, 3], "array"),
            (&Some(t), [3, 2], "t"),
            (&None::<Function>, [2, 3], "None"),
        ];
        let x = Tensor::zeros([2, 3], DType::F32, &meta::device()).unwrap();
        for (i, (layer, want, kind)) in rows.into_iter().enumerate() {
            assert_eq!(*layer.forward(&x).unwrap().shape(), want, "row {i}");
            if kind != "t" {
                assert_eq!(layer.kind(), kind, "row {i}");
            }
        }
    }

    #[test]
    fn errors_name_the_path() {
        let fails: Function = |x| x.transpose(0, 7);
        let model = (Tensor::relu as Function, vec![Some(Tensor::relu as Function), Some(fails)]);
        let x = Tensor::zeros([2, 3], DType::F32, &meta::device()).unwrap();
        assert_eq!(model.forward(&x).unwrap_err().layer(), "1.1");
    }
}
