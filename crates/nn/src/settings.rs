//! What a layer is made with, as data.

use std::fmt;

use tensorkeep_tensor::{Device, Error, ErrorKind, Result, Shape};

use crate::{Boxed, Layer, Part};

/// What a layer's constructor is told, as named values: sizes, rates, switches, layers inside. Written by
/// [`Rebuild::settings`](crate::Rebuild::settings), taken apart by [`Rebuild::rebuild`](crate::Rebuild::rebuild).
///
/// Whoever takes a value says which type it has, and [`finish`](Self::finish) refuses what nobody took: settings come
/// from files.
///
/// ```
/// use tensorkeep_nn::Settings;
///
/// let mut settings = Settings::new().with_size("inputs", 8)?.with("bias", true);
/// assert_eq!(settings.take_size("inputs")?, 8);
/// assert!(settings.take_float("bias").is_err()); // a switch is no number
/// assert!(settings.take_size("outputs").is_err()); // nobody set it
/// assert!(settings.finish().is_ok());
///
/// assert!(Settings::new().with("surprise", 1.0).finish().is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings(Vec<(String, Setting)>);

/// One of a layer's [`Settings`].
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// Yes or no.
    Flag(bool),
    /// An integer.
    Int(i64),
    /// A finite number.
    Float(f64),
    /// One of several words.
    Text(String),
    /// Several of them.
    List(Vec<Setting>),
    /// A layer inside.
    Layer(Part),
}

impl Settings {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a value of this name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Setting>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// The same, with a switch of this name that is off if `missing`: for what a layer has unless it is told
    /// otherwise.
    #[must_use]
    pub fn without(self, name: &str, missing: bool) -> Self {
        if missing { self.with(name, false) } else { self }
    }

    /// The same with a size of this name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`] for a size beyond 2⁶³.
    #[track_caller]
    pub fn with_size(self, name: &str, size: usize) -> Result<Self> {
        Ok(self.with(name, Setting::size(size)?))
    }

    /// The same with sizes of this name.
    ///
    /// # Errors
    ///
    /// As for [`with_size`](Self::with_size).
    #[track_caller]
    pub fn with_sizes(self, name: &str, sizes: &[usize]) -> Result<Self> {
        let sizes = sizes.iter().map(|&size| Setting::size(size)).collect::<Result<_>>()?;
        Ok(self.with(name, Setting::List(sizes)))
    }

    /// The same with a shape of this name: a size, or a list of them.
    ///
    /// # Errors
    ///
    /// As for [`with_size`](Self::with_size).
    #[track_caller]
    pub fn with_shape(self, name: &str, shape: &Shape) -> Result<Self> {
        match shape.sizes() {
            [size] => self.with_size(name, *size),
            sizes => self.with_sizes(name, sizes),
        }
    }

    /// The same with those of a part, each under the name of the part and a dot.
    ///
    /// ```
    /// use tensorkeep_nn::Settings;
    ///
    /// let part = Settings::new().with("bias", true);
    /// let mut settings = Settings::new().with_part("output", &part);
    /// assert!(settings.take_part("output", |part| part.take_flag("bias"))?);
    /// assert!(settings.take_part("output", |part| part.take_flag("bias")).is_err()); // it is taken
    /// assert!(settings.take_part_if_any("output", |part| part.take_flag("bias"))?.is_none());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    #[must_use]
    pub fn with_part(self, part: &str, settings: &Self) -> Self {
        settings.iter().fold(self, |all, (name, value)| all.with(format!("{part}.{name}"), value.clone()))
    }

    /// Takes those of a part out, by the names they have in it, and what is built of them, which has to take all.
    ///
    /// # Errors
    ///
    /// Those of `build`; [`ErrorKind::Value`] for what it leaves.
    #[track_caller]
    pub fn take_part<T>(&mut self, part: &str, build: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let mut taken = self.of_part(part);
        let place = |error: Error| error.within(part);
        let built = build(&mut taken).map_err(place)?;
        taken.finish().map_err(place)?;
        Ok(built)
    }

    /// Takes out what is told of a part, under the names that it has there.
    fn of_part(&mut self, part: &str) -> Self {
        let (mut taken, mut left) = (Self::new(), Self::new());
        for (name, value) in std::mem::take(&mut self.0) {
            match inside(part, &name) {
                Some(inner) => taken.0.push((inner.to_owned(), value)),
                None => left.0.push((name, value)),
            }
        }
        *self = left;
        taken
    }

    /// The same for a part that there may be none of.
    ///
    /// # Errors
    ///
    /// As for [`take_part`](Self::take_part).
    #[track_caller]
    pub fn take_part_if_any<T>(
        &mut self,
        part: &str,
        build: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<Option<T>> {
        if !self.0.iter().any(|(name, _)| inside(part, name).is_some()) {
            return Ok(None);
        }
        self.take_part(part, build).map(Some)
    }

    /// The same with a layer of this name: what is inside a layer that holds others.
    ///
    /// ```
    /// use tensorkeep_nn::layers::Dense;
    /// use tensorkeep_nn::{Layer, Settings};
    /// use tensorkeep_tensor::{DType, Result, Rng, Tensor, meta};
    ///
    /// let mut rng = Rng::new(0, &meta::device());
    /// let inner = (Dense::new(3, 2, &mut rng)?, Tensor::relu);
    /// let mut settings = Settings::new().with_layer("inner", &inner)?;
    /// let again = settings.take_layer("inner", rng.device())?;
    /// assert_eq!(again.describe()?, inner.describe()?);
    ///
    /// let closure = |x: &Tensor| x.tanh();
    /// assert!(Settings::new().with_layer("inner", &closure).is_err()); // it does not say what it is
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of its [`describe`](Layer::describe).
    #[track_caller]
    pub fn with_layer<L: Layer + Clone + 'static>(self, name: &str, layer: &L) -> Result<Self> {
        Ok(self.with(name, Setting::Layer(Part::of(layer).map_err(|error| error.within(name))?)))
    }

    /// Takes a layer out, onto the device that [`rebuild`](crate::Rebuild::rebuild) works on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if there is none of this name, it is of another type, or it was not built.
    #[track_caller]
    pub fn take_layer(&mut self, name: &str, device: &Device) -> Result<Boxed> {
        self.take(name)?.into_layer(name, device)
    }

    /// The same as data alone: layers inside are described, and not there.
    #[must_use]
    pub fn as_data(&self) -> Self {
        Self(self.0.iter().map(|(name, value)| (name.clone(), value.as_data())).collect())
    }

    /// Names and values, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Takes the value of this name out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if there is none.
    #[track_caller]
    pub fn take(&mut self, name: &str) -> Result<Setting> {
        self.take_optional(name).ok_or_else(|| Error::value("settings", format!("{name} is missing: set it")))
    }

    /// Takes the value of this name out, if there is one: an option that files did not always have, and that
    /// is left out where it says what a layer without it does.
    pub fn take_optional(&mut self, name: &str) -> Option<Setting> {
        let place = self.0.iter().position(|(each, _)| each == name)?;
        Some(self.0.remove(place).1)
    }

    /// Takes a switch out, which is on unless it is set.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if it is of another type.
    #[track_caller]
    pub fn take_flag_or_true(&mut self, name: &str) -> Result<bool> {
        match self.take_optional(name) {
            None => Ok(true),
            Some(Setting::Flag(flag)) => Ok(flag),
            Some(other) => Err(unfit(name, &other, "true or false")),
        }
    }

    /// Takes a switch out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if there is none of this name, or it is of another type.
    #[track_caller]
    pub fn take_flag(&mut self, name: &str) -> Result<bool> {
        match self.take(name)? {
            Setting::Flag(flag) => Ok(flag),
            other => Err(unfit(name, &other, "true or false")),
        }
    }

    /// Takes a size out.
    ///
    /// # Errors
    ///
    /// As for [`take_flag`](Self::take_flag), and for a negative number.
    #[track_caller]
    pub fn take_size(&mut self, name: &str) -> Result<usize> {
        self.take(name)?.into_size(name)
    }

    /// Takes `N` sizes out.
    ///
    /// # Errors
    ///
    /// As for [`take_size`](Self::take_size), and for another number of them.
    #[track_caller]
    pub fn take_sizes<const N: usize>(&mut self, name: &str) -> Result<[usize; N]> {
        let value = self.take(name)?;
        let Setting::List(list) = value else {
            return Err(unfit(name, &value, "a list of sizes"));
        };
        let count = list.len();
        let sizes: Vec<usize> = list.into_iter().map(|size| size.into_size(name)).collect::<Result<_>>()?;
        let wrong = |_| Error::value("settings", format!("{name} has {count} sizes: use {N}"));
        sizes.try_into().map_err(wrong)
    }

    /// Takes a shape out: a size, or a list of them.
    ///
    /// # Errors
    ///
    /// As for [`take_size`](Self::take_size), and for more sizes than a shape has.
    #[track_caller]
    pub fn take_shape(&mut self, name: &str) -> Result<Shape> {
        let sizes = match self.take(name)? {
            Setting::List(list) => list,
            size => vec![size],
        };
        let sizes: Vec<usize> = sizes.into_iter().map(|size| size.into_size(name)).collect::<Result<_>>()?;
        Shape::new(&sizes)
    }

    /// Takes a word out.
    ///
    /// # Errors
    ///
    /// As for [`take_flag`](Self::take_flag).
    #[track_caller]
    pub fn take_text(&mut self, name: &str) -> Result<String> {
        match self.take(name)? {
            Setting::Text(text) => Ok(text),
            other => Err(unfit(name, &other, "a word")),
        }
    }

    /// Takes an axis out, counted from the end where negative.
    ///
    /// # Errors
    ///
    /// As for [`take_flag`](Self::take_flag), and for a number that no axis can have.
    #[track_caller]
    pub fn take_axis(&mut self, name: &str) -> Result<isize> {
        let value = self.take(name)?;
        let axis = if let Setting::Int(axis) = value { isize::try_from(axis).ok() } else { None };
        axis.ok_or_else(|| unfit(name, &value, "an axis"))
    }

    /// Takes a finite number out.
    ///
    /// # Errors
    ///
    /// As for [`take_flag`](Self::take_flag), and if the number is not finite.
    #[track_caller]
    pub fn take_float(&mut self, name: &str) -> Result<f64> {
        match self.take(name)? {
            Setting::Float(value) if value.is_finite() => Ok(value),
            other => Err(unfit(name, &other, "a finite number")),
        }
    }

    /// Takes a finite number above 0 out.
    ///
    /// # Errors
    ///
    /// As for [`take_float`](Self::take_float), and if the number is 0 or negative.
    #[track_caller]
    pub fn take_positive(&mut self, name: &str) -> Result<f64> {
        match self.take_float(name)? {
            value if value > 0.0 => Ok(value),
            value => Err(unfit(name, &Setting::Float(value), "a number above 0")),
        }
    }

    /// Refuses what was not taken out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if there is anything.
    #[track_caller]
    pub fn finish(&self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let message = format!("the layer has no setting {}: leave it out", shown(name));
                Err(Error::value("settings", message))
            }
        }
    }
}

/// A text that a file may say, short and harmless enough for a message.
pub(crate) fn shown(text: &str) -> String {
    text.escape_default().take(64).collect()
}

/// The name inside a part, if this is the name of something in it.
fn inside<'a>(part: &str, name: &'a str) -> Option<&'a str> {
    name.strip_prefix(part).and_then(|rest| rest.strip_prefix('.'))
}

impl Setting {
    #[track_caller]
    fn size(size: usize) -> Result<Self> {
        let large =
            |_| Error::new(ErrorKind::Limit, "settings", format!("{size} is no size: use a smaller one"));
        i64::try_from(size).map(Self::Int).map_err(large)
    }

    fn as_data(&self) -> Self {
        match self {
            Self::List(list) => Self::List(list.iter().map(Self::as_data).collect()),
            Self::Layer(part) => Self::Layer(part.as_data()),
            other => other.clone(),
        }
    }

    /// The size that it is; `name` says whose.
    #[track_caller]
    pub(crate) fn into_size(self, name: &str) -> Result<usize> {
        match self {
            Self::Int(size) => usize::try_from(size).map_err(|_| unfit(name, &self, "a size")),
            other => Err(unfit(name, &other, "a size")),
        }
    }

    /// The layer that it is; `name` says whose.
    #[track_caller]
    pub(crate) fn into_layer(self, name: &str, device: &Device) -> Result<Boxed> {
        match self {
            Self::Layer(part) => part.into_layer(device),
            other => Err(unfit(name, &other, "a layer")),
        }
    }
}

#[track_caller]
#[cold]
pub(crate) fn unfit(name: &str, value: &Setting, wanted: &str) -> Error {
    Error::value("settings", format!("{name} is {value}: it must be {wanted}"))
}

/// Short enough for a message, whatever a file says.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => write!(f, "\"{}\"", shown(text)),
            Self::List(list) => write!(f, "a list of {}", list.len()),
            Self::Layer(part) => write!(f, "the layer {}", part.name()),
        }
    }
}

macro_rules! from {
    ($($from:ty => $variant:ident;)*) => {$(
        impl From<$from> for Setting {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from! {
    bool => Flag;
    i64 => Int;
    i32 => Int;
    u32 => Int;
    f64 => Float;
    f32 => Float;
    &str => Text;
    String => Text;
    Vec<Setting> => List;
}
