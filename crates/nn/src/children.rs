//! Layers in a list, by name or position.

use std::collections::HashSet;
use std::fmt;
use std::ops::RangeBounds;

use tensorkeep_tensor::{Device, Error, ErrorKind, Result};

use crate::settings::{shown, unfit};
use crate::{Boxed, Layer, Leaf, LeafMut, Module, Part, Path, Setting, Settings, Step};

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
        check(name)?;
        if self.0.iter().any(|child| child.name.as_deref() == Some(name)) {
            return Err(twice(name));
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

/// What layers at names or positions are as settings: `layers` are they, and `names` are their places where not all
/// of these are positions.
pub(crate) fn listed(parts: Vec<(String, Part)>) -> Settings {
    let is_named = parts.iter().enumerate().any(|(i, (step, _))| *step != i.to_string());
    let (names, layers): (Vec<_>, Vec<_>) =
        parts.into_iter().map(|(step, part)| (Setting::Text(step), Setting::Layer(part))).unzip();
    let settings = Settings::new().with("layers", layers);
    if is_named { settings.with("names", names) } else { settings }
}

impl Children {
    /// Them as settings.
    #[track_caller]
    pub(crate) fn settings(&self) -> Result<Settings> {
        let part = |(step, layer): (Step<'_>, &Boxed)| {
            let step = step.to_string();
            let part = Part::of(layer).map_err(|error| error.within(step.as_str()))?;
            Ok((step, part))
        };
        Ok(listed(self.iter().map(part).collect::<Result<_>>()?))
    }

    /// Those that [`settings`](Self::settings) told of.
    #[track_caller]
    pub(crate) fn take(settings: &mut Settings, device: &Device) -> Result<Self> {
        let layers = match settings.take("layers")? {
            Setting::List(layers) => layers,
            other => return Err(unfit("layers", &other, "a list of layers")),
        };
        let names = match settings.take_optional("names") {
            None => vec![None; layers.len()],
            Some(Setting::List(names)) if names.len() == layers.len() => {
                names.into_iter().enumerate().map(name).collect::<Result<_>>()?
            }
            Some(other) => {
                return Err(unfit("names", &other, &format!("a list of {} names", layers.len())));
            }
        };
        let mut seen = HashSet::new();
        if let Some(name) = names.iter().flatten().find(|name| !seen.insert(name.as_str())) {
            return Err(twice(name));
        }
        let child =
            |(name, layer): (_, Setting)| Ok(Child { name, layer: layer.into_layer("layers", device)? });
        Ok(Self(names.into_iter().zip(layers).map(child).collect::<Result<_>>()?))
    }
}

/// The name that a layer in settings has, if that is not its position.
#[track_caller]
fn name((position, name): (usize, Setting)) -> Result<Option<String>> {
    match name {
        Setting::Text(text) if text == position.to_string() => Ok(None),
        Setting::Text(text) => check(&text).map(|()| Some(text)),
        other => Err(unfit("names", &other, "words")),
    }
}

#[track_caller]
fn check(name: &str) -> Result<()> {
    let first = |letter: char| letter.is_alphabetic() || letter == '_';
    let rest = |letter: char| letter.is_alphanumeric() || letter == '_';
    if name.starts_with(first) && name.chars().all(rest) {
        return Ok(());
    }
    let message = format!(
        "\"{}\" is no name of a layer: use letters, digits and underscores, and no digit first",
        shown(name)
    );
    Err(Error::value("layers", message))
}

#[track_caller]
#[cold]
fn twice(name: &str) -> Error {
    Error::value("layers", format!("two layers are called {}: rename one", shown(name)))
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
