//! The derive macro that makes a plain struct or enum a tree of named tensors.
//!
//! There is one macro under two names, because a macro cannot know through which crate its user reaches the trait:
//!
//! | macro | writes paths that start at | who uses it |
//! |---|---|---|
//! | [`Module`](macro@Module) | `::tensorkeep_nn::module` | crates of the workspace, and whoever depends on `tensorkeep-nn` alone |
//! | [`UmbrellaModule`](macro@UmbrellaModule) | `::tensorkeep::module` | everyone else: `tensorkeep` exports it under the name `Module` |

mod bounds;
mod expand;
mod skip;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements the trait `Module`: two walks over the fields, in the order in which they are written.
///
/// A field's name is its part of the path, and the position is the name of a field that has none. An enum visits the
/// fields of the variant it holds; the variant's own name is not part of the path. From
///
/// ```text
/// #[derive(Module)]
/// struct Dense {
///     weight: Tensor,
///     bias: Option<Tensor>,
///     #[module(skip)]
///     kernel: Box<dyn Kernel>,
/// }
/// ```
///
/// the macro writes
///
/// ```text
/// impl Module for Dense {
///     fn visit<'leaf>(&'leaf self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'leaf>)) {
///         match self {
///             Self { weight: field0, bias: field1, .. } => {
///                 path.at("weight", |path| Module::visit(field0, path, f));
///                 path.at("bias", |path| Module::visit(field1, path, f));
///             }
///         }
///     }
///     // and `visit_mut`, the same with `&mut`
/// }
/// ```
///
/// # Attributes
///
/// `#[module(skip)]` on a field leaves it out of both walks. Numbers and strings need no attribute, since they are
/// modules without leaves; a field of a foreign type does.
///
/// # Bounds
///
/// A type parameter that occurs in a visited field gets the bound `Module`; one that occurs in skipped fields alone gets
/// none.
///
/// # Errors
///
/// A union, an attribute key other than `skip`, and `#[module(..)]` anywhere but on a field do not compile. A visited field
/// whose type is not a `Module` is an ordinary trait error at that field's type.
#[proc_macro_derive(Module, attributes(module))]
pub fn module(input: TokenStream) -> TokenStream {
    derive(parse_macro_input!(input as DeriveInput), "tensorkeep_nn")
}

/// The same as [`Module`](macro@Module), for users of the crate `tensorkeep`, which exports it under that name.
#[proc_macro_derive(UmbrellaModule, attributes(module))]
pub fn umbrella_module(input: TokenStream) -> TokenStream {
    derive(parse_macro_input!(input as DeriveInput), "tensorkeep")
}

fn derive(input: DeriveInput, home: &str) -> TokenStream {
    expand::module(input, home).unwrap_or_else(syn::Error::into_compile_error).into()
}
