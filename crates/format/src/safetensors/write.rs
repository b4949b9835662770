//! Writing the format.

use std::collections::BTreeMap;
use std::io::Write;

use super::header::{LONGEST, PREFIX};
use super::json::write_text;
use crate::rename::METADATA;
use crate::{Array, Code, DType, Error, Rename, Result, escape};

/// The reference's order of types, widest first, so that every tensor is aligned to its elements.
const ORDER: [DType; 13] = [
    DType::U64,
    DType::I64,
    DType::F64,
    DType::F32,
    DType::U32,
    DType::I32,
    DType::BF16,
    DType::F16,
    DType::U16,
    DType::I16,
    DType::I8,
    DType::U8,
    DType::Bool,
];

/// Writes a safetensors file, in the one order that the reference writer uses: by type, widest first, then by name;
/// the header filled up with blanks to a multiple of 8. Metadata is sorted by key. The same tensors give the same
/// bytes.
///
/// # Errors
///
/// [`Code::DataPath`] for a name that no tensor can have; [`Code::DataDup`] for two of one name, of tensors or of
/// metadata; [`Code::DataLimit`] for a header above 100,000,000 bytes, which nobody could read; [`Code::Io`].
pub fn write_safetensors(
    out: &mut dyn Write,
    tensors: &[(&str, &Array<'_>)],
    metadata: &[(&str, &str)],
) -> Result<()> {
    Rename::default().apply(tensors.iter().map(|(name, _)| *name))?;
    let mut tensors = tensors.to_vec();
    let rank = |dtype: DType| ORDER.iter().position(|other| *other == dtype);
    tensors.sort_unstable_by_key(|(name, array)| (rank(array.dtype()), *name));

    let header = header(&tensors, metadata)?;
    let mut write =
        |bytes: &[u8]| out.write_all(bytes).map_err(|error| Error::io("writing the file", &error));
    write(&(header.len() as u64).to_le_bytes())?;
    write(header.as_bytes())?;
    tensors.iter().try_for_each(|(_, array)| write(array.bytes()))
}

fn header(tensors: &[(&str, &Array<'_>)], metadata: &[(&str, &str)]) -> Result<String> {
    let mut members = Vec::new();
    if !metadata.is_empty() {
        members.push(metadata_member(metadata)?);
    }
    let mut start = 0_u64;
    for (name, array) in tensors {
        let end = start.saturating_add(array.bytes().len() as u64);
        let dims: Vec<String> = array.shape().dims().iter().map(u64::to_string).collect();
        members.push(format!(
            "\"{name}\":{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{start},{end}]}}",
            array.dtype().name().to_ascii_uppercase(),
            dims.join(",")
        ));
        start = end;
    }
    let mut header = format!("{{{}}}", members.join(","));
    while !header.len().is_multiple_of(PREFIX) {
        header.push(' ');
    }
    if header.len() as u64 > LONGEST {
        let message =
            format!("the header has {} bytes, readers take at most {LONGEST}: split the file", header.len());
        return Err(Error::new(Code::DataLimit, message));
    }
    Ok(header)
}

fn metadata_member(metadata: &[(&str, &str)]) -> Result<String> {
    let mut sorted = BTreeMap::new();
    for (key, value) in metadata {
        if sorted.insert(key, value).is_some() {
            return Err(Error::new(
                Code::DataDup,
                format!("the metadata has the key {} twice: give it once", escape(key)),
            ));
        }
    }
    let mut member = format!("\"{METADATA}\":{{");
    for (i, (key, value)) in sorted.into_iter().enumerate() {
        member.push_str(if i == 0 { "" } else { "," });
        write_text(&mut member, key);
        member.push(':');
        write_text(&mut member, value);
    }
    member.push('}');
    Ok(member)
}
