//! Labels of any type as numbers.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};

use tensorkeep_tensor::{DType, Error, ErrorKind, HostArray, HostData, Result, Shape};

use crate::rows::room;

/// The most classes, so that their numbers are exact in every integer dtype that holds labels.
const MAX_CLASSES: usize = 1 << 24;

/// The labels that there are, each with a number from 0 on: what turns labels into targets, and predictions into labels.
///
/// A label that is none of them is an error that names it, or goes to a [default](Self::with_default).
///
/// ```
/// use tensorkeep_data::Classes;
/// use tensorkeep_tensor::ToHostArray;
///
/// let classes = Classes::new(["setosa", "versicolor", "virginica"])?;
/// assert_eq!(classes.encode(["virginica", "setosa"])?, [2, 0].to_host_array()?);
/// assert_eq!(classes.one_hot(["versicolor"])?, [[false, true, false]].to_host_array()?);
/// assert_eq!(classes.one_cold(&[[0.1f32, 0.2, 0.7]].to_host_array()?)?, ["virginica"]);
///
/// let error = classes.encode(["rose"]).unwrap_err();
/// assert!(error.message().starts_with("\"rose\" is none of the 3 classes"));
/// assert_eq!(classes.with_default("setosa")?.encode(["rose"])?, [0].to_host_array()?);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// A model file keeps the labels as the names of its output (`Blueprint::labels(classes.names())`), and
/// `Classes::new(model.output().labels.clone())` has them back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classes<T> {
    labels: Vec<T>,
    numbers: BTreeMap<T, usize>,
    default: Option<usize>,
}

impl<T: Ord + Clone + Debug> Classes<T> {
    /// Classes in this order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] for no labels, or one that comes twice; [`ErrorKind::Limit`] beyond 2²⁴.
    #[track_caller]
    pub fn new(labels: impl IntoIterator<Item = T>) -> Result<Self> {
        let (mut list, mut numbers) = (Vec::new(), BTreeMap::new());
        for label in labels {
            if list.len() == MAX_CLASSES {
                let message = format!("more than {MAX_CLASSES} classes: use fewer");
                return Err(Error::new(ErrorKind::Limit, "classes", message));
            }
            if numbers.insert(label.clone(), list.len()).is_some() {
                let message = format!("{} comes twice: name each class once", shown(&label));
                return Err(Error::value("classes", message));
            }
            list.push(label);
        }
        match list.is_empty() {
            true => Err(Error::value("classes", "no labels: name at least one class")),
            false => Ok(Self { labels: list, numbers, default: None }),
        }
    }

    /// The labels that occur, in their own order. Take those of the training part.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    #[track_caller]
    pub fn of<'a>(labels: impl IntoIterator<Item = &'a T>) -> Result<Self>
    where
        T: 'a,
    {
        let distinct: BTreeSet<&T> = labels.into_iter().collect();
        Self::new(distinct.into_iter().cloned())
    }

    /// The same with `label`, which is one of them, for labels that are none of them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if it is none of them itself.
    #[track_caller]
    pub fn with_default<Q>(mut self, label: &Q) -> Result<Self>
    where
        T: Borrow<Q>,
        Q: Ord + Debug + ?Sized,
    {
        self.default = None;
        let number = self.number(label)?;
        Ok(Self { default: Some(number), ..self })
    }

    /// The number of classes.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The labels, in the order of their numbers.
    pub fn labels(&self) -> &[T] {
        &self.labels
    }

    /// The number of a label.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] for a label that is none of them, if there is no default.
    #[track_caller]
    pub fn number<Q>(&self, label: &Q) -> Result<usize>
    where
        T: Borrow<Q>,
        Q: Ord + Debug + ?Sized,
    {
        self.numbers.get(label).copied().or(self.default).ok_or_else(|| {
            let message = format!(
                "{} is none of the {} classes: add it, or set a default for what is unknown",
                shown(&label),
                self.len()
            );
            Error::value("classes", message)
        })
    }

    /// The label of a number.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`] for a number that none has.
    #[track_caller]
    pub fn label(&self, number: usize) -> Result<&T> {
        self.labels.get(number).ok_or_else(|| self.missing(number))
    }

    #[track_caller]
    #[cold]
    fn missing(&self, number: impl Display) -> Error {
        let n = self.len();
        Error::new(ErrorKind::Index, "classes", format!("no class {number} among {n}: use numbers in 0..{n}"))
    }

    #[track_caller]
    fn numbers<'a, Q>(&self, labels: impl IntoIterator<Item = &'a Q>) -> Result<Vec<usize>>
    where
        T: Borrow<Q>,
        Q: Ord + Debug + ?Sized + 'a,
    {
        let mut numbers = Vec::new();
        for label in labels {
            numbers.push(self.number(label)?);
        }
        Ok(numbers)
    }

    /// Labels as numbers, the targets of `cross_entropy`: `i32` of shape `[n]`.
    ///
    /// # Errors
    ///
    /// As for [`number`](Self::number).
    #[track_caller]
    pub fn encode<'a, Q>(&self, labels: impl IntoIterator<Item = &'a Q>) -> Result<HostArray>
    where
        T: Borrow<Q>,
        Q: Ord + Debug + ?Sized + 'a,
    {
        // At most 2²⁴, see `new`.
        let numbers: Vec<i32> = self.numbers(labels)?.into_iter().map(|number| number as i32).collect();
        let shape = [numbers.len()];
        HostArray::new(HostData::I32(numbers), shape)
    }

    /// Labels as rows in which the place of the class is true: `bool` of shape `[n, classes]`.
    ///
    /// # Errors
    ///
    /// As for [`number`](Self::number), and if there is no room.
    #[track_caller]
    pub fn one_hot<'a, Q>(&self, labels: impl IntoIterator<Item = &'a Q>) -> Result<HostArray>
    where
        T: Borrow<Q>,
        Q: Ord + Debug + ?Sized + 'a,
    {
        let numbers = self.numbers(labels)?;
        let shape = Shape::new(&[numbers.len(), self.len()])?;
        let mut rows = room("one_hot", shape.elements())?;
        for hot in numbers {
            rows.extend((0..self.len()).map(|class| class == hot));
        }
        HostArray::new(HostData::Bool(rows), shape)
    }

    /// The labels of numbers: the inverse of [`encode`](Self::encode).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DType`] if they are no integers, [`ErrorKind::Index`] for a number that no class has.
    #[track_caller]
    pub fn decode(&self, numbers: &HostArray) -> Result<Vec<T>> {
        if !numbers.dtype().is_integer() {
            let message = format!("classes of {}: pass integers, or scores to one_cold", numbers.dtype());
            return Err(Error::dtype("classes", message));
        }
        let mut labels = room("classes", numbers.data().len())?;
        for number in numbers.data().iter() {
            let number = number.as_i64();
            let label = usize::try_from(number).ok().and_then(|number| self.labels.get(number));
            labels.push(label.cloned().ok_or_else(|| self.missing(number))?);
        }
        Ok(labels)
    }

    /// The label of the greatest score in each row of `[.., classes]`, rows one after another.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if the last axis is not the classes; those of [`one_cold`].
    #[track_caller]
    pub fn one_cold(&self, scores: &HostArray) -> Result<Vec<T>> {
        if scores.shape().last() != Some(&self.len()) {
            let rule = format!("the last axis is not the {} classes", self.len());
            return Err(
                Error::shape("one_cold", rule, &[*scores.shape()]).advise("pass scores of these classes")
            );
        }
        self.decode(&one_cold(scores)?)
    }

    /// The labels as text, for the names of a model's output.
    pub fn names(&self) -> Vec<String>
    where
        T: ToString,
    {
        self.labels.iter().map(T::to_string).collect()
    }
}

/// Where the greatest number of each row is, the first among equals: `i32`, the last axis gone. The inverse of one-hot rows.
///
/// # Errors
///
/// [`ErrorKind::Shape`] without a last axis, or for one of size 0 or beyond 2²⁴; [`ErrorKind::Value`] if a row has NaN, which is
/// neither greater nor smaller.
///
/// ```
/// use tensorkeep_data::one_cold;
/// use tensorkeep_tensor::ToHostArray;
///
/// assert_eq!(one_cold(&[[1, 2, 3, 2], [20, 7, 9, 1]].to_host_array()?)?, [2, 0].to_host_array()?);
/// assert!(one_cold(&[0.3, f64::NAN, 0.5].to_host_array()?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn one_cold(scores: &HostArray) -> Result<HostArray> {
    let Some((&classes, outer)) = scores.shape().split_last().filter(|(n, _)| (1..=MAX_CLASSES).contains(*n))
    else {
        let rule = format!("the last axis is not one of 1 to {MAX_CLASSES} classes");
        return Err(Error::shape("one_cold", rule, &[*scores.shape()]).advise("pass one score a class"));
    };
    // Integers of 64 bits compare as such: a float would not tell all of them apart.
    let key = |i: usize| -> Result<(f64, i64)> {
        let score =
            scores.data().get(i).ok_or_else(|| Error::internal("one_cold", "fewer elements than places"))?;
        let exact = if scores.dtype() == DType::I64 { score.as_i64() } else { 0 };
        match score.as_f64() {
            value if value.is_nan() => {
                let message = format!("a score of row {} is NaN: find out where it came from", i / classes);
                Err(Error::value("one_cold", message))
            }
            value => Ok((value, exact)),
        }
    };
    let mut places = room("one_cold", outer.iter().product())?;
    for start in (0..scores.data().len()).step_by(classes) {
        let mut best = (0, key(start)?);
        for class in 1..classes {
            let score = key(start + class)?;
            if score > best.1 {
                best = (class as i32, score);
            }
        }
        places.push(best.0);
    }
    HostArray::new(HostData::I32(places), outer)
}

/// Short enough for a message, whatever a label holds.
fn shown(label: &dyn Debug) -> String {
    let text = format!("{label:?}");
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
