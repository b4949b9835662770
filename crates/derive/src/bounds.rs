//! Which type parameters must be modules for the derived walks to compile.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Generics, Type, parse_quote};

/// Adds the bound `home::module::Module` to each type parameter that occurs in one of the visited types.
///
/// Only those: a parameter that lives in skipped fields alone may be anything.
pub(crate) fn require_modules(generics: &mut Generics, visited: &[&Type], home: &Ident) {
    for parameter in generics.type_params_mut() {
        if visited.iter().any(|ty| mentions(ty.to_token_stream(), &parameter.ident)) {
            parameter.bounds.push(parse_quote!(::#home::module::Module));
        }
    }
}

/// Whether the name occurs anywhere in the tokens, inside brackets too.
fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
