//! A file of WGSL with its constants and types set.

use std::borrow::Cow;
use std::collections::HashMap;

use smallvec::SmallVec;
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::{Error, Result};

use crate::element::Element;

/// A file of WGSL with its constants and types set.
///
/// ```text
/// Variant::of(Shader::ReduceThread).constant("KIND", 2).element("X", Element::F16)
/// ```
///
/// replaces the lines `const KIND: u32 = …;`, `alias X = …;` and, where there is one, `alias XValue = …;`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Variant {
    pub(crate) shader: Shader,
    constants: SmallVec<[(&'static str, u32); 6]>,
    elements: SmallVec<[(&'static str, Element); 4]>,
}

impl Variant {
    /// The file as it stands.
    pub(crate) fn of(shader: Shader) -> Self {
        Self { shader, constants: SmallVec::new(), elements: SmallVec::new() }
    }

    /// With the constant `name` set.
    #[must_use]
    pub(crate) fn constant(mut self, name: &'static str, value: u32) -> Self {
        self.constants.push((name, value));
        self
    }

    /// With the type `name` set to that of elements in a buffer, and the type `name` + `Value` to that in registers.
    #[must_use]
    pub(crate) fn element(mut self, name: &'static str, element: Element) -> Self {
        self.elements.push((name, element));
        self
    }

    /// The whole text: the parts that the file builds on, the file, with everything set and written out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Internal`](tensorkeep_tensor::ErrorKind::Internal) for a constant or type that no line declares, and for a
    /// block to be written out that does not end or whose bounds are no numbers.
    pub(crate) fn text(&self) -> Result<String> {
        let mut lines: Vec<Cow<'static, str>> = Vec::new();
        if self.elements.iter().any(|(_, element)| *element == Element::F16) {
            lines.push("enable f16;".into());
        }
        let files = self.shader.parts().iter().chain([&self.shader]);
        lines.extend(files.flat_map(|file| file.text().lines()).map(Cow::Borrowed));
        for (name, value) in &self.constants {
            self.replace(&mut lines, &format!("const {name}: u32 ="), &format!("{value}u"))?;
        }
        for (name, element) in &self.elements {
            self.replace(&mut lines, &format!("alias {name} ="), element.stored())?;
            let value = format!("alias {name}Value =");
            if lines.iter().any(|line| line.starts_with(&value)) {
                self.replace(&mut lines, &value, element.value())?;
            }
        }
        let constants = declared(&lines);
        let mut text = String::new();
        let mut rest = lines.iter();
        self.write_out(&mut rest, &constants, &mut text, false)?;
        Ok(text)
    }

    /// Puts `value` into the line that begins with `declaration`.
    fn replace(&self, lines: &mut [Cow<'static, str>], declaration: &str, value: &str) -> Result<()> {
        match lines.iter_mut().find(|line| line.starts_with(declaration)) {
            Some(line) => {
                *line = Cow::Owned(format!("{declaration} {value};"));
                Ok(())
            }
            None => Err(self.broken(&format!("no line begins with `{declaration}`"))),
        }
    }

    /// Appends lines up to the end of the block, with blocks in them written out.
    fn write_out<'a>(
        &self,
        lines: &mut (impl Iterator<Item = &'a Cow<'static, str>> + Clone),
        constants: &HashMap<&str, u32>,
        text: &mut String,
        inner: bool,
    ) -> Result<()> {
        while let Some(line) = lines.next() {
            match line.trim().strip_prefix("//@") {
                None => {
                    text.push_str(line);
                    text.push('\n');
                }
                Some("end") if inner => return Ok(()),
                Some(directive) => {
                    let [name, first, end] = unroll(directive, constants)
                        .ok_or_else(|| self.broken(&format!("`//@{directive}` is not understood")))?;
                    let mut body = String::new();
                    self.write_out(lines, constants, &mut body, true)?;
                    for i in number(first, constants).unwrap_or(0)..number(end, constants).unwrap_or(0) {
                        text.push_str(&substitute(&body, name, &format!("{i}u")));
                    }
                }
            }
        }
        if inner { Err(self.broken("a block has no `//@end`")) } else { Ok(()) }
    }

    #[cold]
    fn broken(&self, what: &str) -> Error {
        Error::internal("wgpu", format!("{}: {what}", self.shader.path()))
    }
}

/// The constants that lines declare, by name.
fn declared<'a>(lines: &'a [Cow<'static, str>]) -> HashMap<&'a str, u32> {
    let declaration = |line: &'a Cow<'static, str>| {
        let (name, value) = line.strip_prefix("const ")?.split_once(": u32 = ")?;
        Some((name, value.trim_end_matches(';').trim_end_matches('u').parse().ok()?))
    };
    lines.iter().filter_map(declaration).collect()
}

/// Name and bounds of `unroll k 0 TILE`, whose bounds are numbers.
fn unroll<'a>(directive: &'a str, constants: &HashMap<&str, u32>) -> Option<[&'a str; 3]> {
    let words: Vec<&str> = directive.split_whitespace().collect();
    match words[..] {
        ["unroll", name, first, end] => {
            number(first, constants)?;
            number(end, constants)?;
            Some([name, first, end])
        }
        _ => None,
    }
}

fn number(word: &str, constants: &HashMap<&str, u32>) -> Option<u32> {
    word.parse().ok().or_else(|| constants.get(word).copied())
}

/// `text` with the whole word `name` replaced.
fn substitute(text: &str, name: &str, value: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, found) = rest.split_at(at);
        let after = &found[name.len()..];
        out.push_str(before);
        let whole = !out.ends_with(is_word) && !after.starts_with(is_word);
        out.push_str(if whole { value } else { name });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_substituted() {
        assert_eq!(substitute("k + kk + a[k] * k_ + k\n", "k", "3u"), "3u + kk + a[3u] * k_ + 3u\n");
    }

    #[test]
    fn blocks_are_written_out_inside_each_other() {
        let variant = Variant::of(Shader::Launch);
        let lines = [
            "const N: u32 = 2u;",
            "//@unroll i 0 N",
            "a[i];",
            "//@unroll j 1 3",
            "b[i][j];",
            "//@end",
            "//@end",
        ];
        let lines: Vec<Cow<'static, str>> = lines.into_iter().map(Cow::Borrowed).collect();
        let mut text = String::new();
        variant.write_out(&mut lines.iter(), &declared(&lines), &mut text, false).unwrap();
        assert_eq!(
            text,
            "const N: u32 = 2u;\na[0u];\nb[0u][1u];\nb[0u][2u];\na[1u];\nb[1u][1u];\nb[1u][2u];\n"
        );
    }

    #[test]
    fn what_nothing_declares_is_refused() {
        assert!(Variant::of(Shader::Random).constant("NO_SUCH", 1).text().is_err());
        assert!(Variant::of(Shader::Random).element("NoSuch", Element::F32).text().is_err());
    }
}
