//! What is written for each kind of definition, and what is refused with which words.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse2;

use crate::expand;

fn expand(definition: TokenStream) -> syn::Result<TokenStream> {
    expand::module(parse2(definition)?, "home")
}

/// The whole implementation, for the two walks share everything but their names.
fn implementation(header: TokenStream, visit: TokenStream, visit_mut: TokenStream) -> TokenStream {
    quote! {
        #[automatically_derived]
        #header {
            fn visit<'leaf>(
                &'leaf self,
                path: &mut ::home::module::Path,
                f: &mut dyn ::core::ops::FnMut(&::home::module::Path, ::home::module::Leaf<'leaf>),
            ) { #visit }

            fn visit_mut<'leaf>(
                &'leaf mut self,
                path: &mut ::home::module::Path,
                f: &mut dyn ::core::ops::FnMut(&::home::module::Path, ::home::module::LeafMut<'leaf>),
            ) { #visit_mut }
        }
    }
}

#[test]
fn a_struct_visits_its_fields_by_name() {
    let written = expand(quote! {
        struct Dense { weight: Tensor, #[module(skip)] kernel: Kernel, r#type: Tensor }
    });
    let expected = implementation(
        quote!(impl ::home::module::Module for Dense),
        quote! {
            match self {
                Self { weight: field0, r#type: field1, .. } => {
                    path.at("weight", |path| ::home::module::Module::visit(field0, path, f));
                    path.at("type", |path| ::home::module::Module::visit(field1, path, f));
                }
            }
        },
        quote! {
            match self {
                Self { weight: field0, r#type: field1, .. } => {
                    path.at("weight", |path| ::home::module::Module::visit_mut(field0, path, f));
                    path.at("type", |path| ::home::module::Module::visit_mut(field1, path, f));
                }
            }
        },
    );
    assert_eq!(written.unwrap().to_string(), expected.to_string());
}

/// The body of `visit` for each kind of definition.
#[test]
fn every_kind_of_definition_has_its_walk() {
    let table = [
        (
            "tuple struct",
            quote!(
                struct Pair(Tensor, #[module(skip)] Foreign, Tensor);
            ),
            quote! {
                match self {
                    Self { 0: field0, 2: field1, .. } => {
                        path.at("0", |path| ::home::module::Module::visit(field0, path, f));
                        path.at("2", |path| ::home::module::Module::visit(field1, path, f));
                    }
                }
            },
        ),
        (
            "unit struct",
            quote!(
                struct Flatten;
            ),
            quote!(match self {
                Self { .. } => {}
            }),
        ),
        (
            "enum",
            quote!(
                enum Norm {
                    Batch { scale: Tensor },
                    Layer(Tensor),
                    None,
                }
            ),
            quote! {
                match self {
                    Self::Batch { scale: field0, .. } => {
                        path.at("scale", |path| ::home::module::Module::visit(field0, path, f));
                    }
                    Self::Layer { 0: field0, .. } => {
                        path.at("0", |path| ::home::module::Module::visit(field0, path, f));
                    }
                    Self::None { .. } => {}
                }
            },
        ),
        (
            "empty enum",
            quote!(
                enum Never {}
            ),
            quote!(match *self {}),
        ),
    ];
    for (kind, definition, visit) in table {
        let written = expand(definition).unwrap().to_string();
        assert!(written.contains(&format!("{{ {visit} }}")), "{kind}: {written}");
    }
}

#[test]
fn bounds_fall_on_the_parameters_that_are_visited() {
    let table = [
        (
            quote!(
                struct A<T>(T);
            ),
            quote!(impl<T: ::home::module::Module> ::home::module::Module for A<T>),
        ),
        (
            quote!(
                struct A<T>(Vec<(T, usize)>);
            ),
            quote!(impl<T: ::home::module::Module> ::home::module::Module for A<T>),
        ),
        (
            quote!(
                struct A<T>(#[module(skip)] T);
            ),
            quote!(impl<T> ::home::module::Module for A<T>),
        ),
        (
            quote!(
                struct A<T: Clone, U>(T, #[module(skip)] U)
                where
                    U: Copy;
            ),
            quote!(impl<T: Clone + ::home::module::Module, U> ::home::module::Module for A<T, U> where U: Copy),
        ),
        (
            quote!(
                struct A<'a, const N: usize, T>([&'a T; N]);
            ),
            quote!(impl<'a, const N: usize, T: ::home::module::Module> ::home::module::Module for A<'a, N, T>),
        ),
    ];
    for (definition, header) in table {
        let written = expand(definition).unwrap().to_string();
        assert!(written.contains(&format!("{header} {{")), "{header} is not in {written}");
    }
}

#[test]
fn refusals_say_what_to_write_instead() {
    let unknown = "unknown key in `#[module(..)]`; the one that a field takes is `skip`";
    let belongs = "`#[module(skip)]` belongs on a field; move it there";
    let table = [
        (
            quote!(
                union U {
                    a: u32,
                }
            ),
            "a union cannot be a module: which of its fields is alive is not known; use an enum",
        ),
        (
            quote!(
                struct S(#[module(skipped)] Tensor);
            ),
            unknown,
        ),
        (
            quote!(
                struct S(#[module(skip, frozen)] Tensor);
            ),
            unknown,
        ),
        (
            quote!(
                struct S(#[module(rename = "w")] Tensor);
            ),
            unknown,
        ),
        (
            quote!(
                struct S(#[module()] Tensor);
            ),
            "`#[module(..)]` is empty; write `#[module(skip)]`",
        ),
        (
            quote!(
                struct S(#[module(skip, skip)] Tensor);
            ),
            "`skip` is written twice on this field; once is enough",
        ),
        (
            quote!(
                #[module(skip)]
                struct S(Tensor);
            ),
            belongs,
        ),
        (
            quote!(
                enum E {
                    #[module(skip)]
                    A(Tensor),
                }
            ),
            belongs,
        ),
    ];
    for (definition, message) in table {
        let refusal = expand(definition.clone()).map(|_| ()).unwrap_err();
        assert_eq!(refusal.to_string(), message, "{definition}");
    }
}

/// These come from the parser of attributes; that they are refused is what counts, not their words.
#[test]
fn an_attribute_without_a_list_is_refused() {
    for definition in [
        quote!(
            struct S(#[module] Tensor);
        ),
        quote!(
            struct S(#[module = "skip"] Tensor);
        ),
    ] {
        assert!(expand(definition.clone()).is_err(), "{definition}");
    }
}
