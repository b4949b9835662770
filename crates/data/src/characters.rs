//! Text as characters.

use std::collections::BTreeSet;

use tensorkeep_tensor::{HostArray, Result};

use crate::Classes;

/// The characters of a text as numbers, in the order of their code points.
///
/// ```
/// use tensorkeep_data::Characters;
///
/// let characters = Characters::of("hello world")?;
/// assert_eq!(characters.len(), 8);
/// assert_eq!(characters.decode(&characters.encode("low")?)?, "low");
/// assert!(characters.encode("Low").is_err()); // 'L' is not in the text
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// [`text`](Self::text) is all that it knows: saved beside a model, it makes the same numbers again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Characters(Classes<char>);

impl Characters {
    /// The characters that occur in a text. An unknown one is an error, unless there is a [default](Self::with_default).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for an empty text.
    #[track_caller]
    pub fn of(text: &str) -> Result<Self> {
        let distinct: BTreeSet<char> = text.chars().collect();
        Classes::new(distinct).map(Self)
    }

    /// The same with a character, which is one of them, for those that are not.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if it is not one of them.
    #[track_caller]
    pub fn with_default(self, character: char) -> Result<Self> {
        self.0.with_default(&character).map(Self)
    }

    /// How many characters there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The characters in the order of their numbers.
    pub fn text(&self) -> String {
        self.0.labels().iter().collect()
    }

    /// The characters as classes.
    pub fn classes(&self) -> &Classes<char> {
        &self.0
    }

    /// A text as numbers: `i32` of shape `[characters]`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a character that is not known, if there is no default.
    #[track_caller]
    pub fn encode(&self, text: &str) -> Result<HostArray> {
        self.0.encode(&text.chars().collect::<Vec<_>>())
    }

    /// Numbers as text.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for a number that no character has,
    /// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if they are no integers.
    #[track_caller]
    pub fn decode(&self, numbers: &HostArray) -> Result<String> {
        Ok(self.0.decode(numbers)?.into_iter().collect())
    }
}
