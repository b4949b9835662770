//! Random bytes of the operating system, the only source of secrets here.

use zeroize::Zeroizing;

use crate::{Error, Result};

pub(crate) fn bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|error| Error::io("asking the operating system for random bytes", error))?;
    Ok(bytes)
}
