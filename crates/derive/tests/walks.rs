//! What the derived walks visit, with the real trait.

// The macro writes `::tensorkeep_nn::module`, and `tensorkeep-nn` passes on the module of that name of this crate.
extern crate tensorkeep_tensor as tensorkeep_nn;

use tensorkeep_derive::Module;
use tensorkeep_tensor::module::{Leaf, LeafMut, Module, Path};
use tensorkeep_tensor::{DType, Result, Tensor, meta};

/// No module: it is visited by mistake, or not at all.
#[derive(Debug)]
struct Foreign;

#[derive(Debug, Module)]
struct Dense {
    weight: Tensor,
    bias: Option<Tensor>,
    inputs: usize,
    #[module(skip)]
    _foreign: Foreign,
}

#[derive(Debug, Module)]
struct Pair<A, B>(A, #[module(skip)] Foreign, B);

#[derive(Debug, Module)]
struct Flatten;

#[derive(Debug, Module)]
enum Norm {
    /// Named like the two parameters of a walk, which must not hide the fields.
    Batch {
        path: Tensor,
        f: Tensor,
    },
    Layer(Tensor, #[module(skip)] Foreign),
    None,
}

#[derive(Debug, Module)]
enum Never {}

#[derive(Debug, Module)]
struct Borrowed<'leaf, T: Clone, const N: usize>
where
    T: PartialEq,
{
    r#type: Vec<Tensor>,
    #[module(skip)]
    _name: &'leaf [T; N],
}

/// Fields whose type comes out of another macro are found too.
macro_rules! wrapper {
    ($name:ident of $ty:ty) => {
        #[derive(Debug, Module)]
        struct $name {
            inner: $ty,
        }
    };
}
wrapper!(Wrapper of Tensor);

fn tensor() -> Result<Tensor> {
    Tensor::zeros([2], DType::F32, &meta::device())
}

fn dense(weight: Tensor, bias: Option<Tensor>) -> Dense {
    Dense { weight, bias, inputs: 2, _foreign: Foreign }
}

/// The paths that `visit` names.
fn paths(module: &impl Module) -> Vec<String> {
    let mut found = Vec::new();
    module.visit(&mut Path::root(), &mut |path, _: Leaf<'_>| found.push(path.to_string()));
    found
}

/// The paths that `visit_mut` names.
fn paths_mut(module: &mut impl Module) -> Vec<String> {
    let mut found = Vec::new();
    module.visit_mut(&mut Path::root(), &mut |path, _: LeafMut<'_>| found.push(path.to_string()));
    found
}

#[track_caller]
fn assert_paths(mut module: impl Module, expected: &[&str]) {
    assert_eq!(paths(&module), expected);
    assert_eq!(paths_mut(&mut module), expected, "the two walks differ");
}

#[test]
fn both_walks_name_the_leaves_in_the_order_of_the_fields() -> Result<()> {
    let x = tensor()?;
    let leaf = || x.clone();
    assert_paths(dense(leaf(), None), &["weight"]);
    assert_paths(dense(leaf(), Some(leaf())), &["weight", "bias"]);
    assert_paths(Pair(dense(leaf(), None), Foreign, leaf()), &["0.weight", "2"]);
    assert_paths(Flatten, &[]);
    assert_paths(Norm::Batch { path: leaf(), f: leaf() }, &["path", "f"]);
    assert_paths(Norm::Layer(leaf(), Foreign), &["0"]);
    assert_paths(Norm::None, &[]);
    assert_paths(None::<Never>, &[]);
    assert_paths(Borrowed { r#type: vec![leaf(), leaf()], _name: &["a"] }, &["type.0", "type.1"]);
    assert_paths(Wrapper { inner: leaf() }, &["inner"]);
    Ok(())
}

#[test]
fn leaves_can_be_kept_after_the_walk() -> Result<()> {
    let model = dense(tensor()?, None);
    let mut kept = Vec::new();
    model.visit(&mut Path::root(), &mut |_, leaf| kept.push(leaf));
    let [Leaf::Parameter(weight)] = kept[..] else { panic!("one leaf was expected, not {kept:?}") };
    assert!(weight.is_same(&model.weight));
    Ok(())
}

#[test]
fn leaves_can_be_replaced() -> Result<()> {
    let mut model = dense(tensor()?, None);
    let other = tensor()?;
    model.visit_mut(&mut Path::root(), &mut |_, leaf| {
        if let LeafMut::Parameter(weight) = leaf {
            *weight = other.clone();
        }
    });
    assert!(model.weight.is_same(&other));
    assert_eq!(model.inputs, 2);
    Ok(())
}
