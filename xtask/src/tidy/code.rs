//! Rust source without its comments and literals, so that a rule sees code and not talk about code.

/// The text with every comment and every string or character literal blanked. Lines keep their numbers.
pub(crate) fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = ' ';
    while let Some(c) = rest.chars().next() {
        let taken = match opaque(rest, previous) {
            Some(length) => {
                let (blank, _) = rest.split_at(length);
                code.extend(blank.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
                previous = ' ';
                length
            }
            None => {
                code.push(c);
                previous = c;
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    code
}

/// Where the word occurs as a whole, as line numbers from 1 with what follows the word on its line.
pub(crate) fn word<'c>(code: &'c str, word: &'c str) -> impl Iterator<Item = (usize, &'c str)> {
    code.lines().enumerate().flat_map(move |(i, line)| {
        line.match_indices(word).filter_map(move |(at, _)| {
            let (before, after) = (&line[..at], &line[at + word.len()..]);
            let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
            whole.then_some((i + 1, after))
        })
    })
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the comment or literal that the text starts with.
fn opaque(text: &str, previous: char) -> Option<usize> {
    match text.as_bytes() {
        [b'/', b'/', ..] => Some(text.find('\n').unwrap_or(text.len())),
        [b'/', b'*', ..] => Some(block_comment(text)),
        [b'"', ..] => Some(quoted(text, '"')),
        [b'\'', ..] => character(text),
        [b'r', ..] if !is_word(previous) || matches!(previous, 'b' | 'c') => raw_string(text),
        _ => None,
    }
}

/// Comments nest in Rust.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        match rest {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Up to the closing quote, over escapes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `'x'` and `'\n'`, but not the lifetime `'x`.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.chars().skip(1);
    let first = chars.next()?;
    (first == '\\' || chars.next() == Some('\'')).then(|| quoted(text, '\''))
}

/// `r".."` with any number of `#`, but not the raw identifier `r#name`.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let start = text.len() - body.len();
    let end = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&end).map_or(text.len(), |at| start + at + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blank() {
        let table = [
            ("a // b", "a     "),
            ("a /* b /* c */ d */ e", "a                   e"),
            ("/* open", "       "),
            (r#"f("x \" y", z)"#, "f(        , z)"),
            ("\"open", "     "),
            ("r#\"a \" b\"# c", "           c"),
            ("br\"\\\" c", "b     c"),
            ("r#type + far", "r#type + far"),
            ("'\"' 'é' '\\'' &'a str", "             &'a str"),
            ("a\n// b\nc", "a\n    \nc"),
        ];
        for (text, expected) in table {
            assert_eq!(code_only(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_whole() {
        let found: Vec<_> = word("unsafe fn\nunsafe_code not_unsafe unsafe { }", "unsafe").collect();
        assert_eq!(found, [(1, " fn"), (2, " { }")]);
    }
}
