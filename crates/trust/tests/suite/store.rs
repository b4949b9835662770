//! Trust stores, written as a user would write them.

use tensorkeep_trust::PublicKey;

/// Somewhere in the time in which the keys of the tests are in force: 2026-11-27.
pub(crate) const NOW: i64 = 1_795_737_600;

/// An entry, each field as its text in TOML.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) alg: String,
    pub(crate) kid: String,
    pub(crate) public: String,
    pub(crate) roles: String,
    pub(crate) ids: String,
    pub(crate) not_before: String,
    pub(crate) not_after: String,
    pub(crate) revoked: String,
    /// Further lines.
    pub(crate) more: String,
}

impl Entry {
    /// A key that may sign everything of `acme`, in 2026 and 2027.
    pub(crate) fn new(name: &str, key: &PublicKey) -> Self {
        Self {
            name: format!("{name:?}"),
            alg: format!("\"{}\"", key.algorithm()),
            kid: format!("\"{}\"", key.key_id()),
            public: format!("\"\"\"\n{}\"\"\"", key.to_pem()),
            roles: "[\"model\"]".into(),
            ids: "[\"acme/**\"]".into(),
            not_before: "2026-01-01T00:00:00Z".into(),
            not_after: "2027-12-31T23:59:59Z".into(),
            revoked: "false".into(),
            more: String::new(),
        }
    }

    /// The same entry, with one thing changed.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// The text of a store with these entries.
pub(crate) fn text(entries: &[Entry]) -> String {
    let mut text = String::from("version = 1\n");
    for entry in entries {
        text.push_str(&format!(
            "\n[[key]]\nname = {}\nalg = {}\nkid = {}\npublic = {}\nroles = {}\nids = {}\nnot_before = {}\n\
             not_after = {}\nrevoked = {}\n{}\n",
            entry.name,
            entry.alg,
            entry.kid,
            entry.public,
            entry.roles,
            entry.ids,
            entry.not_before,
            entry.not_after,
            entry.revoked,
            entry.more,
        ));
    }
    text
}
