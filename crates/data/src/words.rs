//! Text as words.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use tensorkeep_tensor::{Error, HostArray, Result};

use crate::Classes;

/// The most frequent words of texts as numbers. [`PADDING`](Self::PADDING) is what fills short texts, and
/// [`UNKNOWN`](Self::UNKNOWN) every word that is not known.
///
/// Words are runs of letters, digits and apostrophes, in lower case.
///
/// ```
/// use tensorkeep_data::Words;
/// use tensorkeep_tensor::ToHostArray;
///
/// let words = Words::of(["The cat sat.", "The dog sat!", "A cat"], 2, 100)?;
/// assert_eq!(words.classes().labels()[2..], ["cat", "sat", "the"]); // twice each
/// assert_eq!(words.encode("the CAT barked")?, [4, 2, 1].to_host_array()?);
/// assert!(Words::of(["word"], 2, 100).is_err()); // no word comes twice
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Classes<String>);

impl Words {
    /// The number of the padding.
    pub const PADDING: usize = 0;

    /// The number of all words that are not known.
    pub const UNKNOWN: usize = 1;

    /// The words that come at least `least` times in the texts, and of these the `most` most frequent. The more frequent a word,
    /// the lower its number; equally frequent ones are in the order of the alphabet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if no word is left;
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁴ words.
    #[track_caller]
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>, least: usize, most: usize) -> Result<Self> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for word in texts.into_iter().flat_map(words) {
            *counts.entry(word).or_default() += 1;
        }
        let mut known: Vec<(String, usize)> =
            counts.into_iter().filter(|(_, count)| *count >= least).collect();
        known.sort_by_key(|(_, count)| Reverse(*count));
        known.truncate(most);
        if known.is_empty() {
            let message =
                format!("no word comes {least} times, of {most} to keep: ask for rarer or more words");
            return Err(Error::value("words", message));
        }
        Self::known(known.into_iter().map(|(word, _)| word))
    }

    /// These words, numbered on from the padding and the unknown: what [`of`](Self::of) found, from the file of a model.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a word that comes twice.
    #[track_caller]
    pub fn known(words: impl IntoIterator<Item = String>) -> Result<Self> {
        // What no text can be cut into.
        let special = ["<padding>", "<unknown>"].map(str::to_owned);
        let [_, unknown] = special.clone();
        Classes::new(special.into_iter().chain(words))?.with_default(&unknown).map(Self)
    }

    /// All words, the padding and the unknown among them, in the order of their numbers.
    pub fn classes(&self) -> &Classes<String> {
        &self.0
    }

    /// A text as numbers: `i32` of shape `[words]`.
    ///
    /// # Errors
    ///
    /// If there is no room.
    #[track_caller]
    pub fn encode(&self, text: &str) -> Result<HostArray> {
        self.0.encode(&words(text).collect::<Vec<String>>())
    }

    /// Numbers as words with blanks between them, without the padding.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for a number that no word has,
    /// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if they are no integers.
    #[track_caller]
    pub fn decode(&self, numbers: &HostArray) -> Result<String> {
        let padding = self.0.label(Self::PADDING)?;
        let words: Vec<String> = self.0.decode(numbers)?.into_iter().filter(|word| word != padding).collect();
        Ok(words.join(" "))
    }
}

/// The words of a text.
fn words(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(|c: char| !(c.is_alphanumeric() || c == '\''));
    parts.filter(|part| !part.is_empty()).map(str::to_lowercase)
}
