//! Licence expressions: SPDX specification 3.0, annex B.

/// Whether someone who accepts these licences may use what is offered under this expression.
///
/// # Errors
///
/// If it is no licence expression.
pub(crate) fn is_allowed(expression: &str, accepted: &[&str]) -> Result<bool, String> {
    let expression = modern(expression).replace('(', " ( ").replace(')', " ) ");
    let mut words = expression.split_whitespace().peekable();
    let allowed = any_of(&mut words, accepted, 0)?;
    match words.next() {
        None => Ok(allowed),
        Some(word) => Err(format!("`{word}` does not belong there")),
    }
}

/// Old manifests write `/` for `OR`.
pub(crate) fn modern(expression: &str) -> String {
    expression.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ")
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

/// Deeper parentheses than any licence has; a manifest is a file of others.
const DEEPEST: usize = 16;

fn any_of(words: &mut Words<'_>, accepted: &[&str], depth: usize) -> Result<bool, String> {
    let mut allowed = all_of(words, accepted, depth)?;
    while words.next_if_eq(&"OR").is_some() {
        allowed |= all_of(words, accepted, depth)?;
    }
    Ok(allowed)
}

fn all_of(words: &mut Words<'_>, accepted: &[&str], depth: usize) -> Result<bool, String> {
    let mut allowed = one(words, accepted, depth)?;
    while words.next_if_eq(&"AND").is_some() {
        allowed &= one(words, accepted, depth)?;
    }
    Ok(allowed)
}

fn one(words: &mut Words<'_>, accepted: &[&str], depth: usize) -> Result<bool, String> {
    match words.next() {
        Some("(") if depth < DEEPEST => {
            let allowed = any_of(words, accepted, depth + 1)?;
            match words.next() {
                Some(")") => Ok(allowed),
                _ => Err("a parenthesis is not closed".into()),
            }
        }
        None | Some("(" | ")" | "OR" | "AND" | "WITH") => Err("a licence is missing".into()),
        Some(licence) => match words.next_if_eq(&"WITH") {
            None => Ok(accepted.contains(&licence)),
            Some(_) => {
                let exception = words.next().ok_or("an exception is missing")?;
                Ok(accepted.contains(&format!("{licence} WITH {exception}").as_str()))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_evaluated() {
        let accepted = ["MIT", "Apache-2.0", "Zlib", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"];
        let table = [
            ("MIT", Ok(true)),
            ("GPL-3.0-only", Ok(false)),
            ("MIT OR GPL-3.0-only", Ok(true)),
            ("MIT AND GPL-3.0-only", Ok(false)),
            ("GPL-3.0-only OR MIT AND Zlib", Ok(true)),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", Ok(true)),
            ("(MIT OR Apache-2.0) AND NCSA", Ok(false)),
            ("Apache-2.0 WITH LLVM-exception", Ok(true)),
            ("Apache-2.0 WITH Other-exception", Ok(false)),
            ("Unlicense/MIT", Ok(true)),
            ("Unlicense / GPL-3.0-only", Ok(false)),
            ("mit", Ok(false)),
            ("", Err("a licence is missing")),
            ("MIT OR", Err("a licence is missing")),
            ("(MIT", Err("a parenthesis is not closed")),
            ("MIT Zlib", Err("`Zlib` does not belong there")),
            ("MIT)", Err("`)` does not belong there")),
        ];
        for (expression, expected) in table {
            assert_eq!(is_allowed(expression, &accepted), expected.map_err(String::from), "{expression}");
        }
        assert!(is_allowed(&"(".repeat(100_000), &accepted).is_err());
    }
}
