//! Which tensors of a model are one, as an extension of the container.

use tensorkeep_format::{Code, LoadLimits, Manifest, Raw, Value};

use crate::refusal::Refusal;

/// The key of the extension.
const KEY: &str = "tensorkeep.ties";

/// A leaf that is one with an earlier one, whose tensor is in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tie {
    /// The name that it would have.
    pub(crate) name: String,
    /// The place of the tensor in the manifest's list.
    pub(crate) tensor: usize,
    /// The operation that it belongs to and its name there, if there is an architecture: a tensor has one owner, so the
    /// architecture itself cannot say this.
    pub(crate) seat: Option<(usize, String)>,
}

/// Puts the ties into a manifest, if there are any.
pub(crate) fn write(ties: &[Tie], manifest: &mut Manifest, limits: &LoadLimits) -> Result<(), Refusal> {
    if ties.is_empty() {
        return Ok(());
    }
    let rows = ties.iter().map(|tie| {
        let (op, role) = match &tie.seat {
            Some((op, role)) => (Value::Int(*op as i64), Value::Text(role.clone())),
            None => (Value::Null, Value::Null),
        };
        Value::List(vec![Value::Text(tie.name.clone()), Value::Int(tie.tensor as i64), op, role])
    });
    manifest.extensions.insert(KEY, Raw::of(&Value::List(rows.collect()), limits)?);
    Ok(())
}

/// The ties of a manifest, each of them to a tensor that is there.
pub(crate) fn read(manifest: &Manifest, limits: &LoadLimits) -> Result<Vec<Tie>, Refusal> {
    let Some(raw) = manifest.extensions.get(KEY) else {
        return Ok(Vec::new());
    };
    let fault = || {
        let message = format!(
            "the extension {KEY} is not a list of ties to tensors that are there: write the file again"
        );
        Refusal::new(Code::Graph, message)
    };
    let Value::List(rows) = raw.value(limits)? else {
        return Err(fault());
    };
    let ties = rows.into_iter().map(|row| tie(row, manifest.tensors.len()));
    ties.collect::<Option<_>>().ok_or_else(fault)
}

fn tie(row: Value, tensors: usize) -> Option<Tie> {
    let Value::List(row) = row else {
        return None;
    };
    let [Value::Text(name), Value::Int(tensor), op, role] = <[Value; 4]>::try_from(row).ok()? else {
        return None;
    };
    let seat = match (op, role) {
        (Value::Null, Value::Null) => None,
        (Value::Int(op), Value::Text(role)) => Some((usize::try_from(op).ok()?, role)),
        _ => return None,
    };
    let tensor = usize::try_from(tensor).ok().filter(|&tensor| tensor < tensors)?;
    Some(Tie { name, tensor, seat })
}
