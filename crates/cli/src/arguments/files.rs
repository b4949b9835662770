//! Looking at files, and making others of them.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use tensorkeep_format::{Rename, Rule};

#[derive(Args, Debug)]
pub(crate) struct Inspect {
    /// A .tkm, .safetensors, .npz or .npy file. Others are named, and not read.
    pub(crate) file: PathBuf,
    /// Say which of the signers this trust store knows.
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// Most bytes of the file, and of a tensor once it is unpacked [default: 64 GiB, and 16 GiB].
    #[arg(long, value_name = "BYTES")]
    pub(crate) limit: Option<u64>,
    /// For programs: one line of JSON, in ASCII.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  tensorkeep convert resnet.safetensors resnet.tkm --rename 'module.*=*' --rename fc.weight=head.weight"
)]
pub(crate) struct Convert {
    /// The file to read; its content says what it is.
    pub(crate) input: PathBuf,
    /// The file to write; its extension says what it becomes.
    pub(crate) output: PathBuf,
    /// Rename a tensor (`old=new`), or all that start alike (`old.*=new.*`, `old.*=*`). May be given several times; each rule
    /// sees what the ones before it made.
    #[arg(long = "rename", value_name = "OLD=NEW")]
    pub(crate) renaming: Vec<Renaming>,
    /// What the .tkm file says it is [default: the name of the output without its extension].
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// What the .tkm file is for.
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) kind: Option<KindName>,
    /// Leave out what the new format has no place for. Without this it is an error.
    #[arg(long)]
    pub(crate) lossy: bool,
    /// Turn bf16 into f32, which holds the same values, where the new format has no bf16.
    #[arg(long)]
    pub(crate) widen: bool,
    /// Accept infinities and NaN, which a training that diverged leaves behind.
    #[arg(long)]
    pub(crate) nonfinite: bool,
    /// Replace the output if it is there.
    #[arg(long)]
    pub(crate) force: bool,
}

/// What a new container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindName {
    /// A model to use.
    Model,
    /// Examples.
    Dataset,
}

/// One rule of renaming.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Renaming(Rule);

impl Renaming {
    /// The rules in their order.
    pub(crate) fn all(rules: &[Self]) -> Rename {
        Rename { rules: rules.iter().map(|rule| rule.0.clone()).collect() }
    }
}

impl FromStr for Renaming {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let usage = || "use OLD=NEW, or OLD*=NEW* for all that start with OLD".to_owned();
        let (from, to) = text.split_once('=').ok_or_else(usage)?;
        let all = (from.strip_suffix('*'), to.strip_suffix('*'));
        let (start, end) = (all.0.unwrap_or(from), all.1.unwrap_or(to));
        if start.is_empty() || to.is_empty() || format!("{start}{end}").contains('*') {
            return Err(usage());
        }
        match all {
            (Some(from), Some("")) => Ok(Self(Rule::StripPrefix(from.into()))),
            (Some(from), Some(to)) => Ok(Self(Rule::ReplacePrefix { from: from.into(), to: to.into() })),
            (None, None) => Ok(Self(Rule::Exact { from: from.into(), to: to.into() })),
            _ => Err(usage()),
        }
    }
}

/// The arguments of [`Passphrase`].
const PASSPHRASE: [&str; 2] = ["passphrase_file", "passphrase_fd"];

#[derive(Args, Debug)]
pub(crate) struct Encrypt {
    /// The file to encrypt; it stays as it is.
    pub(crate) input: PathBuf,
    /// The file to write, readable by its owner alone.
    pub(crate) output: PathBuf,
    /// Who will be able to decrypt it: `age1...`. May be given several times.
    #[arg(
        long = "recipient",
        value_name = "AGE1",
        required_unless_present_any = PASSPHRASE,
        conflicts_with_all = PASSPHRASE
    )]
    pub(crate) recipients: Vec<String>,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
    /// Replace the output if it is there.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Decrypt {
    /// The encrypted file.
    pub(crate) input: PathBuf,
    /// The file to write, readable by its owner alone.
    pub(crate) output: PathBuf,
    /// A file of identities of age, as `key gen --age` makes it.
    #[arg(long, value_name = "FILE", required_unless_present_any = PASSPHRASE, conflicts_with_all = PASSPHRASE)]
    pub(crate) identity: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: Passphrase,
    /// Replace the output if it is there.
    #[arg(long)]
    pub(crate) force: bool,
}

/// Where a passphrase is read from. Never from the command line, which others on the machine can see.
#[derive(Args, Debug)]
pub(crate) struct Passphrase {
    /// A file of mode 0600 whose one line is the passphrase.
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_fd")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// A descriptor, such as a pipe, whose one line is the passphrase.
    #[arg(long, value_name = "N")]
    pub(crate) passphrase_fd: Option<u16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_renaming_are_read() {
        let rows: [(&str, Option<Rename>); 12] = [
            ("a=b", Some(Rename::default().exact("a", "b"))),
            ("a.*=b.*", Some(Rename::default().replace_prefix("a.", "b."))),
            ("a.*=*", Some(Rename::default().strip_prefix("a."))),
            ("a=b=c", Some(Rename::default().exact("a", "b=c"))),
            ("a", None),
            ("a=", None),
            ("=b", None),
            ("a*=b", None),
            ("a=b*", None),
            ("*=b*", None),
            ("a**=b*", None),
            ("*a=b", None),
        ];
        for (text, want) in rows {
            let rule = text.parse::<Renaming>();
            assert_eq!(rule.ok().map(|rule| Renaming::all(&[rule])), want, "{text}");
        }
    }
}
