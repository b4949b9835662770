//! Where brackets, columns and line breaks go.

use crate::Shape;

/// The width at which rows break, NumPy's.
const WIDTH: usize = 75;

/// What stands for the elements that are not shown.
const SUMMARY: &str = "...";

/// An array on its way to the page: its shape and the words of the elements shown, in row-major order.
pub(super) struct Page {
    shape: Shape,
    large: bool,
    words: std::vec::IntoIter<String>,
}

impl Page {
    pub(super) fn new(shape: Shape, large: bool, words: Vec<String>) -> Self {
        Self { shape, large, words: words.into_iter() }
    }

    /// The whole text.
    pub(super) fn text(mut self) -> String {
        match self.shape.rank() {
            0 => self.word(),
            _ if self.shape.is_empty() => "[]".to_owned(),
            _ => self.block(0),
        }
    }

    fn word(&mut self) -> String {
        self.words.next().unwrap_or_default()
    }

    /// Everything below one place of the axes before `axis`, in brackets. Lines after the first begin with as
    /// many spaces as brackets are open.
    fn block(&mut self, axis: usize) -> String {
        let last = self.shape.rank() - 1;
        if axis == last {
            return self.row(axis);
        }
        let gap = "\n".repeat(last - axis) + &" ".repeat(axis + 1);
        let entries: Vec<String> = self.entries(axis, |page| page.block(axis + 1));
        format!("[{}]", entries.join(&gap))
    }

    /// The last axis, broken into lines that fit.
    fn row(&mut self, axis: usize) -> String {
        let words = self.entries(axis, Self::word);
        let indent = " ".repeat(axis + 1);
        // Each open bracket will be closed at the end of a line.
        let width = WIDTH.saturating_sub(self.shape.rank());
        let (mut text, mut line) = (String::new(), indent.clone());
        for (i, word) in words.iter().enumerate() {
            if i > 0 {
                line.push(' ');
            }
            if line.len() + word.len() > width && line.len() > indent.len() {
                text += line.trim_end();
                text.push('\n');
                line.clone_from(&indent);
            }
            line += word;
        }
        text += &line;
        format!("[{}]", text.get(indent.len()..).unwrap_or_default())
    }

    /// What `entry` gives for each place of an axis that is shown, with a word for the others.
    fn entries(&mut self, axis: usize, mut entry: impl FnMut(&mut Self) -> String) -> Vec<String> {
        let n = self.shape[axis];
        let mut entries = Vec::new();
        let mut before = None;
        for i in super::shown_indices(n, self.large) {
            if before.is_some_and(|before| before + 1 != i) {
                entries.push(SUMMARY.to_owned());
            }
            entries.push(entry(self));
            before = Some(i);
        }
        entries
    }
}
