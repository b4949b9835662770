//! Layers in a list, by name or position.

use std::fmt;
use std::ops::RangeBounds;

use tensorkeep_tensor::{Error, ErrorKind, Result};

use crate::{Boxed, Layer, Leaf, LeafMut, Module, Path, Step};

/// Layers of any types, each at its name, or at its position where it has none.
#[derive(Clone, Default)]
pub(crate) struct Children(Vec<Child>);

#[derive(Clone)]
struct Child {
    name: Option<String>,
    layer: Boxed,
}

impl Children {
    pub(crate) fn push(&mut self, layer: impl Layer + Clone + 'static) {
        self.0.push(Child { name: None, layer: Boxed::new(layer) });
    }

    /// Adds a layer at a name, which is a part of paths: it has no dots, is no number, and no other has it.
    #[track_caller]
    pub(crate) fn push_named(&mut self, name: &str, layer: impl Layer + Clone + 'static) -> Result<()> {
        let first = |letter: char| letter.is_alphabetic() || letter == '_';
        let rest = |letter: char| letter.is_alphanumeric() || letter == '_';
        if !name.starts_with(first) || !name.chars().all(rest) {
            let shown = name.escape_debug();
            let message = format!(
                "\"{shown}\" is no name of a layer: use letters, digits and underscores, and no digit first"
            );
            return Err(Error::value("layers", message));
        }
        if self.0.iter().any(|child| child.name.as_deref() == Some(name)) {
            return Err(Error::value("layers", format!("two layers are called {name}: rename one")));
        }
        self.0.push(Child { name: Some(name.to_owned()), layer: Boxed::new(layer) });
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Step<'_>, &Boxed)> + Clone {
        self.0.iter().enumerate().map(|(i, child)| (child.step(i), &child.layer))
    }

    /// The same as layers to run.
    pub(crate) fn layers(&self) -> impl Iterator<Item = (Step<'_>, &dyn Layer)> + Clone {
        self.iter().map(|(step, layer)| (step, layer as &dyn Layer))
    }

    /// Some of them in a row, with the names they have.
    #[track_caller]
    pub(crate) fn slice(&self, range: impl RangeBounds<usize>) -> Result<Self> {
        let bounds = (range.start_bound().cloned(), range.end_bound().cloned());
        match self.0.get(bounds) {
            Some(some) => Ok(Self(some.to_vec())),
            None => {
                let message = format!("{bounds:?} of {} layers: use a range of them", self.0.len());
                Err(Error::new(ErrorKind::Index, "layers", message))
            }
        }
    }
}

impl Child {
    fn step(&self, position: usize) -> Step<'_> {
        self.name.as_deref().map_or(Step::Index(position), Step::Name)
    }
}

impl Module for Children {
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
        for (i, child) in self.0.iter().enumerate() {
            path.at(&child.step(i).to_string(), |path| child.layer.visit(path, f));
        }
    }

    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
        for (i, child) in self.0.iter_mut().enumerate() {
            let name = child.step(i).to_string();
            path.at(&name, |path| child.layer.visit_mut(path, f));
        }
    }
}

impl fmt::Debug for Children {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.iter().all(|child| child.name.is_none()) {
            return f.debug_list().entries(self.0.iter().map(|child| &child.layer)).finish();
        }
        let entries = self.iter().map(|(step, layer)| (step.to_string(), layer));
        f.debug_map().entries(entries).finish()
    }
}
