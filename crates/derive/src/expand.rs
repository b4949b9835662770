//! From a type's definition to the implementation of `Module`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Generics, Lifetime, Member, Result, Type, Variant};

use crate::{bounds, skip};

/// Writes the implementation of `::home::module::Module`.
pub(crate) fn module(mut input: DeriveInput, home: &str) -> Result<TokenStream> {
    let home = Ident::new(home, Span::call_site());
    skip::refuse_on_container(&input.attrs)?;
    let shapes = shapes(input.data)?;
    let visited: Vec<&Type> = shapes.iter().flat_map(|shape| shape.leaves.iter().map(|(_, ty)| ty)).collect();
    bounds::require_modules(&mut input.generics, &visited, &home);

    let leaf = leaf_lifetime(&input.generics);
    let name = &input.ident;
    let (parameters, arguments, conditions) = input.generics.split_for_impl();
    let visit = body(&shapes, &home, "visit");
    let visit_mut = body(&shapes, &home, "visit_mut");
    Ok(quote! {
        #[automatically_derived]
        impl #parameters ::#home::module::Module for #name #arguments #conditions {
            fn visit<#leaf>(
                &#leaf self,
                path: &mut ::#home::module::Path,
                f: &mut dyn ::core::ops::FnMut(&::#home::module::Path, ::#home::module::Leaf<#leaf>),
            ) {
                #visit
            }

            fn visit_mut<#leaf>(
                &#leaf mut self,
                path: &mut ::#home::module::Path,
                f: &mut dyn ::core::ops::FnMut(&::#home::module::Path, ::#home::module::LeafMut<#leaf>),
            ) {
                #visit_mut
            }
        }
    })
}

/// A lifetime for the leaves, by a name that the type does not use.
fn leaf_lifetime(generics: &Generics) -> Lifetime {
    let mut leaf = Lifetime::new("'leaf", Span::call_site());
    while generics.lifetimes().any(|taken| taken.lifetime.ident == leaf.ident) {
        leaf.ident = format_ident!("{}_", leaf.ident);
    }
    leaf
}

/// One way a value can look: a struct has one, an enum has one for each variant.
struct Shape {
    /// `Self`, or `Self::Variant`.
    constructor: TokenStream,
    /// The fields that are visited, in the order in which they are written.
    leaves: Vec<(Member, Type)>,
}

fn shapes(data: Data) -> Result<Vec<Shape>> {
    match data {
        Data::Struct(data) => Ok(vec![shape(quote!(Self), data.fields)?]),
        Data::Enum(data) => data.variants.into_iter().map(variant).collect(),
        Data::Union(data) => Err(Error::new(
            data.union_token.span,
            "a union cannot be a module: which of its fields is alive is not known; use an enum",
        )),
    }
}

fn variant(variant: Variant) -> Result<Shape> {
    skip::refuse_on_container(&variant.attrs)?;
    let name = variant.ident;
    shape(quote!(Self::#name), variant.fields)
}

fn shape(constructor: TokenStream, fields: Fields) -> Result<Shape> {
    let members: Vec<Member> = fields.members().collect();
    let mut leaves = Vec::new();
    for (member, field) in members.into_iter().zip(fields) {
        if !skip::is_skipped(&field)? {
            leaves.push((member, field.ty));
        }
    }
    Ok(Shape { constructor, leaves })
}

/// The body of `walk`, which is `visit` or `visit_mut`.
///
/// Everything is a `match`, structs too, so that there is one form to read; and since fields are bound to fresh names,
/// a field called `path` or `f` is no trouble.
fn body(shapes: &[Shape], home: &Ident, walk: &str) -> TokenStream {
    if shapes.is_empty() {
        // A reference to an empty enum counts as inhabited; the place behind it does not.
        return quote!(match *self {});
    }
    let walk = Ident::new(walk, Span::call_site());
    let arms = shapes.iter().map(|Shape { constructor, leaves }| {
        let bindings: Vec<Ident> = leaves.iter().enumerate().map(|(i, (_, ty))| binding(i, ty)).collect();
        let members = leaves.iter().map(|(member, _)| member);
        let steps = leaves.iter().zip(&bindings).map(|((member, _), field)| step(home, &walk, member, field));
        quote!(#constructor { #(#members: #bindings,)* .. } => { #(#steps)* })
    });
    quote!(match self { #(#arms)* })
}

/// A fresh name for the `i`-th visited field.
///
/// It lies where the field's type lies, so that a type that is not a module is reported there; it is looked up where the
/// macro was called, so that a type which itself came out of a macro does no harm.
fn binding(i: usize, ty: &Type) -> Ident {
    format_ident!("field{i}", span = ty.span().resolved_at(Span::call_site()))
}

/// Visits one field, below its name.
fn step(home: &Ident, walk: &Ident, member: &Member, field: &Ident) -> TokenStream {
    let name = match member {
        // `r#type` is the field `type` to whoever reads a path.
        Member::Named(name) => name.unraw().to_string(),
        Member::Unnamed(position) => position.index.to_string(),
    };
    let call = quote_spanned!(field.span()=> ::#home::module::Module::#walk(#field, path, f));
    quote!(path.at(#name, |path| #call);)
}
