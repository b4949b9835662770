//! The shaders and the table that embeds them.

use super::tree::{Finding, Tree};

/// Every `.wgsl` file below `shaders/` is embedded by that crate.
///
/// Because a shader that no table names is neither compiled nor tested: it only looks as if it were.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let table: String = tree
        .ending(".rs")
        .filter(|file| file.path.starts_with("shaders/src/"))
        .map(|file| file.text.as_str())
        .collect();
    tree.ending(".wgsl")
        .filter(|file| file.path.starts_with("shaders/"))
        .filter(|file| {
            let name = file.path.rsplit('/').next().unwrap_or(&file.path);
            !table.contains(&format!("/{name}\"")) && !table.contains(&format!("\"{name}\""))
        })
        .map(|file| Finding::new(&file.path, 0, "is not embedded; name it in the table of shaders/src"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree::assert_found;
    use super::check;

    #[test]
    fn every_shader_is_embedded() {
        let table = ("shaders/src/lib.rs", "include_str!(\"../matmul.wgsl\")");
        assert_found(check, &[table, ("shaders/matmul.wgsl", "")], &[]);
        assert_found(
            check,
            &[table, ("shaders/mul.wgsl", "")],
            &["shaders/mul.wgsl: is not embedded; name it in the table of shaders/src"],
        );
    }
}
