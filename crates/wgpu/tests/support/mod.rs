//! The device that these tests run on.

#![allow(clippy::panic, clippy::print_stdout, reason = "a test that is skipped or fails says so")]

use tensorkeep_tensor::{Device, ErrorKind, Result};

/// The device that `open` opens, or `None`, said aloud, where there is no adapter. With `TENSORKEEP_REQUIRE_WGPU=1` that is
/// a failure.
pub(crate) fn opened(open: impl FnOnce() -> Result<Device>) -> Option<Device> {
    match open() {
        Ok(device) => Some(device),
        Err(error) if error.kind() == ErrorKind::Unsupported && tensorkeep_wgpu::adapters().is_empty() => {
            let required = std::env::var("TENSORKEEP_REQUIRE_WGPU").is_ok_and(|value| value == "1");
            assert!(!required, "{error}");
            println!("skipped: no graphics adapter");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The first adapter's device.
pub(crate) fn device() -> Option<Device> {
    opened(|| tensorkeep_wgpu::device(0))
}
