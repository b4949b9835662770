//! Which members an archive has, and where.
//!
//! An archive says so twice: in front of each member, and in the directory at its end. Readers that believe one or
//! the other see different things, and members may overlap, hide between others, or lead out of a directory. Here the
//! two must agree, and the members must lie one behind the other from the first byte to the directory. Source:
//! PKWARE, *APPNOTE.TXT*, version 6.3.10, sections 4.3 and 4.4.

use super::fields::{Fields, fault};
use crate::array::check_count;
use crate::foreign::other_format;
use crate::{Code, Error, LoadLimits, Result, escape};

pub(super) const LOCAL: &[u8; 4] = b"PK\x03\x04";
pub(super) const CENTRAL: &[u8; 4] = b"PK\x01\x02";
pub(super) const END: &[u8; 4] = b"PK\x05\x06";

/// Bytes of the end record, which has no comment.
const END_LENGTH: usize = 22;

/// The text is UTF-8; how hard a writer compressed. No other flag is allowed: not encryption, not sizes behind the
/// data.
const FLAGS: u16 = 0x0806;

/// Extra fields that are allowed: 64-bit sizes, and times and owners, which are ignored.
const EXTRAS: [u16; 3] = [ZIP64, 0x5455, 0x7875];
const ZIP64: u16 = 1;

/// 64-bit sizes came with version 4.5 of the format; what came later is not read.
const NEWEST: u16 = 45;

/// How often the size of an archive its content may be, all members together; and how much is harmless.
const RATIO: u64 = 100;
const HARMLESS: u64 = 1 << 20;

/// A member.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) compressed: bool,
    pub(super) crc: u32,
    /// As it lies in the archive.
    pub(super) packed: &'a [u8],
    /// Its size when unpacked, as the archive says.
    pub(super) size: u32,
}

/// What both places say about a member.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Facts<'a> {
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    name: &'a [u8],
}

pub(super) fn read_directory<'a>(archive: &'a [u8], limits: &LoadLimits) -> Result<Vec<Member<'a>>> {
    if LOCAL.starts_with(archive) || END.starts_with(archive) {
        return Err(Error::new(
            Code::DataTrunc,
            "the file ends within its first bytes: fetch the whole file again",
        ));
    }
    if !(archive.starts_with(LOCAL) || archive.starts_with(END)) {
        return Err(other_format(archive, "an NPZ file"));
    }
    let (count, mut directory, mut members) = split(archive)?;
    check_count(u64::from(count), limits)?;

    let mut found = Vec::new();
    let mut total = 0_u64;
    for _ in 0..count {
        let member = read_member(&mut directory, &mut members)?;
        total = total.saturating_add(u64::from(member.size));
        found.push(member);
    }
    if directory.remaining() != 0 || members.remaining() != 0 {
        return Err(fault("directory", "does not list everything that is there"));
    }
    let most = (archive.len() as u64).saturating_mul(RATIO).saturating_add(HARMLESS);
    if total > most {
        let message = format!(
            "the archive of {} bytes grows to {total}, more than {RATIO} times as many: this is a bomb, do not use it",
            archive.len()
        );
        return Err(Error::new(Code::DataRatio, message));
    }
    if total > limits.file {
        let message = format!(
            "the archive grows to {total} bytes, the limit is LoadLimits::file, {}: raise it if the file is genuine",
            limits.file
        );
        return Err(Error::new(Code::DataLimit, message));
    }
    Ok(found)
}

/// The number of members, the directory, and what is in front of it.
fn split(archive: &[u8]) -> Result<(u16, Fields<'_>, Fields<'_>)> {
    let (front, end) = archive.split_at(archive.len().saturating_sub(END_LENGTH));
    let mut end = Fields::new(end, "end record");
    end.signature(END)?;
    let (disk, first_disk) = (end.u16()?, end.u16()?);
    let (count, count_too) = (end.u16()?, end.u16()?);
    let (length, start) = (end.u32()?, end.u32()?);
    if count == u16::MAX || length == u32::MAX || start == u32::MAX {
        let message = "the archive has 65,535 members or 4 GiB, or says so: save it as safetensors, which needs \
            no second directory";
        return Err(Error::new(Code::DataLimit, message));
    }
    if (disk, first_disk) != (0, 0) || count != count_too || end.u16()? != 0 {
        return Err(fault("end record", "speaks of other disks, or has a comment"));
    }
    let directory = usize::try_from(start).ok().and_then(|start| front.split_at_checked(start));
    match directory {
        Some((members, directory)) if directory.len() as u64 == u64::from(length) => {
            Ok((count, Fields::new(directory, "directory"), Fields::new(members, "member's head")))
        }
        _ => Err(fault("directory", "does not reach from where it says to the end record")),
    }
}

/// Reads a member's entry in the directory, and the member itself, which must be next.
fn read_member<'a>(directory: &mut Fields<'a>, members: &mut Fields<'a>) -> Result<Member<'a>> {
    let (central, offset) = read_central(directory)?;
    let name = show(central.name);
    if offset != members.position() {
        return Err(fault("member", &format!("{name} does not lie behind the one before it")));
    }
    if read_local(members)? != central {
        return Err(fault("member", &format!("{name} is not what the directory says")));
    }
    if central.flags & !FLAGS != 0 {
        return Err(fault("member", &format!("{name} is encrypted, or was written to a pipe")));
    }
    let compressed = match central.method {
        0 if central.packed == central.size => false,
        0 => return Err(fault("member", &format!("{name} is stored, and has two sizes"))),
        8 => true,
        method => {
            return Err(fault("member", &format!("{name} is packed by method {method}, known are 0 and 8")));
        }
    };
    let packed = members.bytes(central.packed.into())?;
    let ascii = std::str::from_utf8(central.name).ok().filter(|name| name.is_ascii());
    let Some(ascii) = ascii else {
        return Err(Error::new(
            Code::DataPath,
            format!("the archive's member {name} has a name beyond ASCII: rename it"),
        ));
    };
    Ok(Member { name: ascii, compressed, crc: central.crc, packed, size: central.size })
}

/// An entry of the directory, and where it says that the member is.
fn read_central<'a>(fields: &mut Fields<'a>) -> Result<(Facts<'a>, u64)> {
    fields.signature(CENTRAL)?;
    let _made_by = fields.u16()?;
    check_version(fields.u16()?)?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    let _time = fields.u32()?;
    let (crc, packed, size) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let (name, extra, comment) = (fields.u16()?, fields.u16()?, fields.u16()?);
    let (disk, _internal, external) = (fields.u16()?, fields.u16()?, fields.u32()?);
    let offset = fields.u32()?;
    let name = fields.bytes(name.into())?;
    if [packed, size, offset].contains(&u32::MAX) {
        let message =
            format!("the archive's member {} has 4 GiB, or says so: save it as safetensors", show(name));
        return Err(Error::new(Code::DataLimit, message));
    }
    read_extras(fields.bytes(extra.into())?, None)?;
    if comment != 0 || disk != 0 {
        return Err(fault("member", &format!("{} has a comment, or is on another disk", show(name))));
    }
    // The upper half is a Unix mode; zero and a regular file are fine, links and directories are not.
    if !matches!(external >> 28, 0 | 8) {
        return Err(Error::new(
            Code::DataPath,
            format!("the archive's member {} is a link, or no file: remove it", show(name)),
        ));
    }
    Ok((Facts { flags, method, crc, packed, size, name }, offset.into()))
}

/// The head in front of a member.
fn read_local<'a>(fields: &mut Fields<'a>) -> Result<Facts<'a>> {
    fields.signature(LOCAL)?;
    check_version(fields.u16()?)?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    let _time = fields.u32()?;
    let (crc, mut packed, mut size) = (fields.u32()?, fields.u32()?, fields.u32()?);
    let (name, extra) = (fields.u16()?, fields.u16()?);
    let name = fields.bytes(name.into())?;
    read_extras(fields.bytes(extra.into())?, Some((&mut packed, &mut size)))?;
    Ok(Facts { flags, method, crc, packed, size, name })
}

/// Reads extra fields. NumPy writes 64-bit sizes in front of each member, whether it needs them or not; `sizes` takes
/// them over if the 32-bit ones ask for it.
fn read_extras(bytes: &[u8], sizes: Option<(&mut u32, &mut u32)>) -> Result<()> {
    let mut fields = Fields::new(bytes, "extra field");
    let mut long = None;
    while fields.remaining() != 0 {
        let (kind, length) = (fields.u16()?, fields.u16()?);
        let mut field = Fields::new(fields.bytes(length.into())?, "extra field");
        if !EXTRAS.contains(&kind) || (kind == ZIP64 && (length != 16 || long.is_some())) {
            return Err(fault("extra field", &format!("{kind:#06x} of {length} bytes is not known here")));
        }
        if kind == ZIP64 {
            long = Some((field.u64()?, field.u64()?));
        }
    }
    match (sizes, long) {
        (_, None) => Ok(()),
        (Some((packed, size)), Some((long_size, long_packed))) if [*packed, *size] == [u32::MAX; 2] => {
            // What does not fit is not what the directory says either.
            *size = u32::try_from(long_size).unwrap_or(u32::MAX);
            *packed = u32::try_from(long_packed).unwrap_or(u32::MAX);
            Ok(())
        }
        _ => Err(fault("extra field", "gives 64-bit sizes where none are asked for")),
    }
}

/// The version of the format that a reader needs, times ten.
fn check_version(needed: u16) -> Result<()> {
    match needed <= NEWEST {
        true => Ok(()),
        false => Err(fault("member", &format!("needs a reader of version {}.{}", needed / 10, needed % 10))),
    }
}

fn show(name: &[u8]) -> String {
    escape(&String::from_utf8_lossy(name))
}
