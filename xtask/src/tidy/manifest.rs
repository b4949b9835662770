//! As much of TOML as the manifests of this workspace use: sections, and keys with values.

/// A manifest, section by section.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    entries: Vec<Entry>,
}

/// One `key = value`.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) section: String,
    pub(crate) key: String,
    /// As written, on one line, without comments.
    pub(crate) value: String,
    pub(crate) line: usize,
}

/// A crate that a manifest asks for.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// The package's name, also where it is renamed.
    pub(crate) name: String,
    /// For tests, examples and benchmarks alone.
    pub(crate) dev: bool,
    /// Taken over from the workspace's table.
    pub(crate) inherited: bool,
    pub(crate) line: usize,
}

impl Manifest {
    pub(crate) fn parse(text: &str) -> Manifest {
        let mut entries: Vec<Entry> = Vec::new();
        let mut section = String::new();
        let mut open = false;
        for (i, line) in text.lines().enumerate() {
            let line = without_comment(line).trim();
            if open {
                if let Some(entry) = entries.last_mut() {
                    entry.value.push_str(line);
                    open = is_open(&entry.value);
                }
            } else if let Some(header) = line.strip_prefix('[') {
                section = header.trim_matches(['[', ']']).into();
            } else if let Some((key, value)) = line.split_once('=') {
                let (key, value) = (key.trim().to_owned(), value.trim());
                open = is_open(value);
                entries.push(Entry { section: section.clone(), key, value: value.into(), line: i + 1 });
            }
        }
        Manifest { entries }
    }

    pub(crate) fn section(&self, name: &str) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.section == name)
    }

    pub(crate) fn get(&self, section: &str, key: &str) -> Option<&Entry> {
        self.section(section).find(|entry| entry.key == key)
    }

    /// The crates asked for in any of the forms that Cargo knows; each is named once for each of its entries.
    pub(crate) fn dependencies(&self) -> impl Iterator<Item = Dependency> {
        self.entries.iter().filter_map(dependency)
    }
}

/// Reads `name = ..`, `name.workspace = true` and the keys below `[dependencies.name]`, for every target.
fn dependency(entry: &Entry) -> Option<Dependency> {
    let (kind, below) =
        ["dev-dependencies", "build-dependencies", "dependencies"].into_iter().find_map(|kind| {
            let (before, after) = entry.section.split_once(kind)?;
            (before.is_empty() || before.starts_with("target.")).then_some((kind, after))
        })?;
    let (alias, inherited) = match below.strip_prefix('.') {
        Some(name) => (name, entry.key == "workspace"),
        None => match entry.key.split_once('.') {
            Some((name, key)) => (name, key == "workspace"),
            None => (entry.key.as_str(), field(&entry.value, "workspace") == Some("true")),
        },
    };
    let name = field(&entry.value, "package").unwrap_or(alias).trim_matches('"');
    Some(Dependency { name: name.into(), dev: kind == "dev-dependencies", inherited, line: entry.line })
}

/// The value of a key in an inline table, as written.
pub(crate) fn field<'v>(table: &'v str, key: &str) -> Option<&'v str> {
    let fields = table.strip_prefix('{')?.strip_suffix('}')?;
    fields.split(',').find_map(|field| {
        let (name, value) = field.split_once('=')?;
        (name.trim() == key).then_some(value.trim())
    })
}

/// Whether a bracket of the value is still to be closed on a later line.
fn is_open(value: &str) -> bool {
    let count = |bracket| value.matches(bracket).count();
    count('[') > count(']') || count('{') > count('}')
}

fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '#' if !quoted => return &line[..at],
            _ => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r##"
[package]
name = "a"           # the name
version.workspace = true

[features]
default = [
    "b",             # one
    "c",
]

[dependencies]
plain = "1"
inherited.workspace = true
inline = { workspace = true, features = ["x"] }
renamed = { package = "real", version = "1#2" }

[dependencies.table]
version = "1"

[target.'cfg(unix)'.dependencies]
unix = "1"

[dev-dependencies]
test.workspace = true
"##;

    #[test]
    fn values_are_read_over_lines_and_without_comments() {
        let manifest = Manifest::parse(MANIFEST);
        assert_eq!(manifest.get("package", "name").unwrap().value, "\"a\"");
        let default = manifest.get("features", "default").unwrap();
        assert_eq!((default.value.as_str(), default.line), ("[\"b\",\"c\",]", 7));
        assert!(manifest.get("package", "default").is_none());
    }

    #[test]
    fn every_form_of_dependency_is_seen() {
        let manifest = Manifest::parse(MANIFEST);
        let found: Vec<_> = manifest.dependencies().map(|d| (d.name, d.inherited, d.dev)).collect();
        let expected = [
            ("plain", false, false),
            ("inherited", true, false),
            ("inline", true, false),
            ("real", false, false),
            ("table", false, false),
            ("unix", false, false),
            ("test", true, true),
        ];
        assert_eq!(found, expected.map(|(name, inherited, dev)| (name.to_owned(), inherited, dev)));
    }

    #[test]
    fn fields_of_inline_tables_are_found() {
        let table = r#"{ path = "crates/a", version = "0.1.0", default-features = false }"#;
        assert_eq!(field(table, "version"), Some("\"0.1.0\""));
        assert_eq!(field(table, "default-features"), Some("false"));
        assert_eq!(field(table, "features"), None);
        assert_eq!(field("\"1\"", "version"), None);
    }
}
