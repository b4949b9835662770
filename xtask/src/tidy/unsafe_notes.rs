//! Where `unsafe` is, and what is said about it.

use super::code::{code_only, word};
use super::tree::{Finding, Tree};

/// Where `unsafe` is allowed: the kernels, and the reader that maps files.
const PLACES: [&str; 2] = ["crates/cpu/src/", "crates/format/src/container/map.rs"];

/// `unsafe` occurs in the kernels and in the reader of mapped files alone, and each block, function and implementation has its
/// reason above it.
///
/// Because the compiler's promise ends at `unsafe`: from there a reader has to check by hand, and needs to be told what
/// makes it right *here*. A block says so after `SAFETY:`, a function under `# Safety`.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.ending(".rs") {
        let code = code_only(&file.text);
        let lines: Vec<&str> = file.text.lines().collect();
        for (line, after) in word(&code, "unsafe") {
            if !PLACES.iter().any(|place| file.path.starts_with(place)) {
                let message = format!("`unsafe` is allowed in {} alone", PLACES.join(" and "));
                found.push(Finding::new(&file.path, line, message));
            } else if !is_pointer_type(after)
                && !is_noted(&lines[..line])
                && !is_of_a_trait(after, &lines[..line])
            {
                let message = "say above why this is sound: `SAFETY:` on a block, `# Safety` on a function";
                found.push(Finding::new(&file.path, line, message));
            }
        }
    }
    found
}

/// `unsafe fn(..)` is a type: whoever calls through it gives the reason.
fn is_pointer_type(after: &str) -> bool {
    let after = after.trim_start();
    let after = after.strip_prefix("extern").map_or(after, str::trim_start);
    after.strip_prefix("fn").is_some_and(|after| after.trim_start().starts_with('('))
}

/// Whether a note stands on the last of the lines, or above the statement that the last line belongs to.
fn is_noted(lines: &[&str]) -> bool {
    let Some((last, above)) = lines.split_last() else {
        return false;
    };
    if is_note(last) {
        return true;
    }
    for line in above.iter().rev().map(|line| line.trim()) {
        if is_note(line) {
            return true;
        }
        let belongs = line.starts_with("//")
            || line.starts_with("#[")
            || !line.ends_with([';', '{', '}', ',']) && !line.is_empty();
        if !belongs {
            return false;
        }
    }
    false
}

/// Whether this is a function that implements a trait's: the trait says what its callers must keep.
fn is_of_a_trait(after: &str, lines: &[&str]) -> bool {
    let Some((function, above)) = lines.split_last().filter(|_| after.trim_start().starts_with("fn ")) else {
        return false;
    };
    // What encloses a line is indented less: `rustfmt` sees to that.
    let enclosing =
        above.iter().rev().filter(|line| !line.trim().is_empty() && indent(line) < indent(function));
    let mut headers =
        enclosing.map(|line| line.trim_start()).filter(|line| !line.starts_with(['{', '}', ')', '>']));
    let header = headers.find(|line| !line.starts_with("where"));
    header
        .is_some_and(|line| line.trim_start_matches("unsafe ").starts_with("impl") && line.contains(" for "))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_note(line: &str) -> bool {
    line.contains("// SAFETY:") || line.trim_start().starts_with("/// # Safety")
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    #[test]
    fn only_two_places_may() {
        let text = "// SAFETY: checked above\nunsafe { f() }";
        assert_found(
            check,
            &[("crates/cpu/src/map.rs", text), ("crates/format/src/container/map.rs", text)],
            &[],
        );
        assert_found(
            check,
            &[("crates/nn/src/lib.rs", "#![forbid(unsafe_code)] // no unsafe\n\"unsafe\"")],
            &[],
        );
        assert_found(
            check,
            &[("crates/nn/src/lib.rs", text)],
            &[
                "crates/nn/src/lib.rs:2: `unsafe` is allowed in crates/cpu/src/ and crates/format/src/container/map.rs alone",
            ],
        );
    }

    #[test]
    fn every_use_has_its_note() {
        let good = [
            "// SAFETY: the length was checked\n// a line ago.\n#[inline]\nunsafe { f() }",
            "/// Adds.\n///\n/// # Safety\n///\n/// Needs AVX2.\n#[target_feature(enable = \"avx2\")]\npub(crate) unsafe fn f() {}",
            "// SAFETY: aligned\nlet x =\n    unsafe { f() };",
            "impl<T> Register for Array<T>\nwhere\n    T: Copy,\n{\n    type Scalar = T;\n\n    unsafe fn splat() {}\n}",
            "type Kernel = unsafe fn(*const f32);\nstruct S { f: unsafe extern fn(u8) }",
        ];
        for text in good {
            assert_found(check, &[("crates/cpu/src/map.rs", text)], &[]);
        }
        let bad = [
            "unsafe { f() }",
            "// SAFETY: of another\nf();\nunsafe { f() }",
            "// SAFETY: of another\n\nunsafe { f() }",
            "/// Adds.\nunsafe fn f() {}",
            "impl Array {\n    unsafe fn f() {}",
        ];
        for text in bad {
            let line = text.lines().count();
            let message = "say above why this is sound: `SAFETY:` on a block, `# Safety` on a function";
            assert_found(
                check,
                &[("crates/cpu/src/map.rs", text)],
                &[&format!("crates/cpu/src/map.rs:{line}: {message}")],
            );
        }
    }
}
