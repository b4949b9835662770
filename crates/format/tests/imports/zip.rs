//! A writer of archives, right or wrong in any field.

use std::io::Write;

/// A member, with what the archive says about it. Each field is first what is right.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    pub(crate) packed: Vec<u8>,
    /// The version that a reader needs.
    pub(crate) needs: u16,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) size: u32,
    pub(crate) packed_size: u32,
    pub(crate) mode: u32,
    /// In front of the member: its sizes, if other than in the directory, and its extra fields.
    pub(crate) local_sizes: Option<[u32; 2]>,
    pub(crate) local_extra: Vec<u8>,
    pub(crate) local_name: Option<Vec<u8>>,
    pub(crate) extra: Vec<u8>,
    pub(crate) comment: Vec<u8>,
    /// Where the directory says that it is, if elsewhere than where it is.
    pub(crate) offset: Option<u32>,
    /// Bytes that lie in front of it and belong to nobody.
    pub(crate) gap: Vec<u8>,
}

pub(crate) fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

pub(crate) fn stored(name: &str, content: &[u8]) -> Member {
    let size = content.len() as u32;
    Member {
        name: name.into(),
        packed: content.into(),
        needs: 20,
        flags: 0,
        method: 0,
        crc: crc(content),
        size,
        packed_size: size,
        mode: 0o100_600,
        local_sizes: None,
        local_extra: vec![],
        local_name: None,
        extra: vec![],
        comment: vec![],
        offset: None,
        gap: vec![],
    }
}

pub(crate) fn deflated(name: &str, content: &[u8]) -> Member {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    let packed = encoder.finish().unwrap();
    Member { packed_size: packed.len() as u32, packed, method: 8, ..stored(name, content) }
}

impl Member {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn facts(&self, sizes: [u32; 2], name: &[u8], extra: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend([self.needs, self.flags, self.method, 0, 0x21].into_iter().flat_map(u16::to_le_bytes));
        out.extend([self.crc, sizes[0], sizes[1]].into_iter().flat_map(u32::to_le_bytes));
        out.extend([name.len() as u16, extra.len() as u16].into_iter().flat_map(u16::to_le_bytes));
        out
    }
}

/// The end record's fields: disk, first disk, members here, members, length and start of the directory, comment.
pub(crate) type End = (u16, u16, u16, u16, u32, u32, Vec<u8>);

pub(crate) fn archive(members: &[Member]) -> Vec<u8> {
    archive_with(members, |_| {})
}

pub(crate) fn archive_with(members: &[Member], change: impl FnOnce(&mut End)) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        out.extend(&member.gap);
        let offset = member.offset.unwrap_or(out.len() as u32);
        let sizes = [member.packed_size, member.size];
        let local_name = member.local_name.as_ref().unwrap_or(&member.name);
        out.extend(
            [
                b"PK\x03\x04",
                &member.facts(member.local_sizes.unwrap_or(sizes), local_name, &member.local_extra)[..],
            ]
            .concat(),
        );
        out.extend([local_name, &member.local_extra[..], &member.packed].concat());
        directory
            .extend([b"PK\x01\x02\x14\x03", &member.facts(sizes, &member.name, &member.extra)[..]].concat());
        directory.extend((member.comment.len() as u16).to_le_bytes());
        directory.extend([0; 4]);
        directory.extend((member.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend([&member.name[..], &member.extra, &member.comment].concat());
    }
    let count = members.len() as u16;
    let mut end = (0, 0, count, count, directory.len() as u32, out.len() as u32, vec![]);
    change(&mut end);
    let (disk, first_disk, here, count, length, start, comment) = end;
    out.extend(directory);
    out.extend(b"PK\x05\x06");
    out.extend([disk, first_disk, here, count].into_iter().flat_map(u16::to_le_bytes));
    out.extend([length, start].into_iter().flat_map(u32::to_le_bytes));
    out.extend((comment.len() as u16).to_le_bytes());
    out.extend(comment);
    out
}
