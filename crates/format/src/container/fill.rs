//! Reading and checking at the same time.

use super::Tensor;
use super::values::Scan;
use crate::Result;

/// What is read at a time: it stays in a core's cache until it was hashed.
const BLOCK: usize = 2 << 20;

/// Fills `into` from `read`, and scans each block on other cores while the next one is read.
pub(super) fn fill(
    into: &mut [u8],
    scan: &mut Scan,
    mut read: impl FnMut(&mut [u8]) -> Result<()>,
) -> Result<()> {
    let mut ready: &[u8] = &[];
    for block in into.chunks_mut(BLOCK) {
        match ready {
            [] => read(block)?,
            _ => rayon::in_place_scope(|scope| {
                scope.spawn(|_| scan.update(ready));
                read(block)
            })?,
        }
        ready = block;
    }
    scan.update(ready);
    Ok(())
}

/// Clears `into` if what is done with it fails: bytes that were not accepted cannot be used by mistake.
pub(super) fn clear_on_error<T>(into: &mut [u8], run: impl FnOnce(&mut [u8]) -> Result<T>) -> Result<T> {
    let result = run(into);
    if result.is_err() {
        into.fill(0);
    }
    result
}

/// Fills `into` with a tensor's bytes, and checks that they are.
pub(super) fn fill_tensor(
    tensor: &Tensor,
    into: &mut [u8],
    read: impl FnMut(&mut [u8]) -> Result<()>,
) -> Result<()> {
    check_room(tensor, into)?;
    let mut scan = Scan::new(tensor.dtype);
    fill(into, &mut scan, read)?;
    tensor.accept(&scan.finish())
}

fn check_room(tensor: &Tensor, into: &[u8]) -> Result<()> {
    if into.len() as u64 == tensor.length {
        return Ok(());
    }
    let message =
        format!("the tensor has {} bytes, the room for it {}: use Tensor::length", tensor.length, into.len());
    Err(crate::Error::new(crate::Code::Len, message))
}
