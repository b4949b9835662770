//! `tensorkeep devices`.

use std::io::Write;

use tensorkeep_tensor::Device;

use crate::failure::Failure;

/// Prints what can be computed on.
pub(crate) fn run(out: &mut impl Write) -> Result<(), Failure> {
    let cpu = tensorkeep_cpu::device();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    writeln!(out, "cpu      {threads} threads")?;
    writeln!(out, "         {}", holds(&cpu.limits().dtypes.to_string(), cpu.limits().buffer_bytes))?;
    let adapters = tensorkeep_wgpu::adapters();
    for (i, adapter) in adapters.iter().enumerate() {
        writeln!(
            out,
            "wgpu:{i:<3} {} ({}, {}, {})",
            adapter.name, adapter.kind, adapter.api, adapter.driver
        )?;
        writeln!(out, "         {}", holds(&adapter.limits.dtypes.to_string(), adapter.limits.buffer_bytes))?;
    }
    if adapters.is_empty() {
        let missing = tensorkeep_wgpu::device(0).map(|device: Device| device.name().to_owned());
        if let Err(error) = missing {
            writeln!(out, "wgpu     none: {}", error.message())?;
        }
    }
    Ok(())
}

fn holds(dtypes: &str, bytes: u64) -> String {
    let largest = match bytes >> 20 {
        mib if mib >= 1 << 40 => "no limit of its own".to_owned(),
        mib => format!("at most {mib} MiB a tensor"),
    };
    format!("{dtypes}; {largest}")
}
