//! The attribute `#[module(skip)]`.

use syn::{Attribute, Error, Field, Result};

/// Whether the field is left out of the walks.
///
/// # Errors
///
/// If a key is not `skip`, or the attribute has none: a misspelt `skip` must not silently train a field.
pub(crate) fn is_skipped(field: &Field) -> Result<bool> {
    let mut skipped = false;
    for attribute in module_attributes(&field.attrs) {
        let before = skipped;
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("skip") {
                return Err(
                    meta.error("unknown key in `#[module(..)]`; the one that a field takes is `skip`")
                );
            }
            if skipped {
                return Err(meta.error("`skip` is written twice on this field; once is enough"));
            }
            skipped = true;
            Ok(())
        })?;
        if skipped == before {
            return Err(Error::new_spanned(attribute, "`#[module(..)]` is empty; write `#[module(skip)]`"));
        }
    }
    Ok(skipped)
}

/// Refuses the attribute on anything that is not a field.
pub(crate) fn refuse_on_container(attributes: &[Attribute]) -> Result<()> {
    match module_attributes(attributes).next() {
        None => Ok(()),
        Some(attribute) => {
            Err(Error::new_spanned(attribute, "`#[module(skip)]` belongs on a field; move it there"))
        }
    }
}

fn module_attributes(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("module"))
}
