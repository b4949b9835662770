//! Which names there are.

use crate::{Code, Error, Result, escape};

/// Names that Windows keeps for devices.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The longest name of a tensor, in bytes.
pub(crate) const TENSOR: usize = 255;
/// The longest name of anything else.
pub(super) const OTHER: usize = 128;

/// Checks the name of a tensor or a file: segments of `A–Z a–z 0–9 _ . -`, joined by `/`.
///
/// A name can be shown, compared byte by byte, and used as a relative path on any system: no segment is empty,
/// consists of dots or ends in one, or is a device of Windows.
pub(crate) fn check(name: &str, most: usize) -> Result<()> {
    let fault =
        |what: &str| Err(Error::new(Code::Name, format!("the name {} {what}: rename it", escape(name))));
    if name.len() > most {
        return fault(&format!("is longer than {most} bytes"));
    }
    for segment in name.split('/') {
        if segment.is_empty() {
            return fault("has an empty segment");
        }
        if !segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')) {
            return fault("has characters other than A-Z, a-z, 0-9, `_`, `.`, `-` and `/`");
        }
        if segment.ends_with('.') {
            return fault("has a segment that ends in a dot");
        }
        if is_device(segment) {
            return fault("has a segment that is a device on Windows");
        }
    }
    Ok(())
}

fn is_device(segment: &str) -> bool {
    let lower = segment.to_ascii_lowercase();
    let is_port =
        matches!(lower.as_bytes(), [b'c', b'o', b'm', b'1'..=b'9'] | [b'l', b'p', b't', b'1'..=b'9']);
    is_port || DEVICES.contains(&lower.as_str())
}

/// Checks that no two names are equal, not even where capital letters count as small ones: some file systems see no
/// difference.
pub(super) fn check_distinct<'a>(names: impl Iterator<Item = &'a str>) -> Result<()> {
    let folded = |name: &'a str| name.bytes().map(|b| b.to_ascii_lowercase());
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable_by(|a, b| folded(a).cmp(folded(b)));
    for (before, after) in names.iter().zip(names.iter().skip(1)) {
        if before.eq_ignore_ascii_case(after) {
            let message =
                format!("the names {} and {} are the same: rename one", escape(before), escape(after));
            return Err(Error::new(Code::Dup, message));
        }
    }
    Ok(())
}

/// Checks the name of an operation or a critical feature: lower-case identifiers joined by dots, such as `nn.conv2d`.
pub(super) fn check_dotted(name: &str, code: Code) -> Result<()> {
    let is_identifier = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    if name.len() <= OTHER && name.split('.').all(is_identifier) {
        return Ok(());
    }
    let rule = "use lower-case letters, digits and `_`, in parts joined by dots, of at most 128 bytes";
    Err(Error::new(code, format!("{} is not such a name: {rule}", escape(name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        let good = ["a", "encoder.2.weight", "a/b-c/D_0", "..a", "com0", "com10", "console", "a.nul", "0"];
        for name in good {
            check(name, TENSOR).unwrap();
        }
        let bad = [
            "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a.", "C:\\x", "a b", "é", "a\0", "nul",
            "a/Aux", "LPT9", "CON/x", "$x", "a*",
        ];
        for name in bad {
            assert_eq!(check(name, TENSOR).unwrap_err().code(), Code::Name, "{name}");
        }
        check(&"a".repeat(255), TENSOR).unwrap();
        assert_eq!(check(&"a".repeat(256), TENSOR).unwrap_err().code(), Code::Name);
    }

    #[test]
    fn operations_have_dotted_names() {
        for name in ["nn.conv2d", "vendor.my_op", "relu"] {
            check_dotted(name, Code::Layer).unwrap();
        }
        for name in [
            "",
            ".",
            "nn.",
            ".nn",
            "nn..x",
            "Nn.x",
            "nn.2d",
            "nn/x",
            "http://x",
            "a;b",
            "{}",
            "%n",
            "\u{1b}[2J",
            "a-b",
        ] {
            assert_eq!(check_dotted(name, Code::Layer).unwrap_err().code(), Code::Layer, "{name}");
        }
    }

    #[test]
    fn case_does_not_distinguish() {
        check_distinct(["a", "b", "ab"].into_iter()).unwrap();
        for pair in [["a", "a"], ["a.Weight", "a.weight"]] {
            assert_eq!(check_distinct(pair.into_iter()).unwrap_err().code(), Code::Dup);
        }
    }
}
