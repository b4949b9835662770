//! Results for people.

use std::io::Write;

use tensorkeep::cpu::{Options, with_options};
use tensorkeep::{Device, Result};

use crate::broken_pipe;
use crate::machine::Machine;
use crate::measure::measure;
use crate::workload::Workload;

/// Times the workloads and prints a line each, after what the machine can do at most.
pub(crate) fn print(
    device: &Device,
    threads: usize,
    seconds: f64,
    workloads: impl Iterator<Item = Workload>,
    out: &mut impl Write,
) -> Result<()> {
    let machine = Machine::measure(threads);
    let peaks = [machine.flops, machine.cache, machine.memory].map(|peak| peak / 1e9);
    writeln!(
        out,
        "{threads} threads at most: {:.0} GFLOP/s, {:.1} GB/s in cache, {:.1} GB/s in memory\n\n\
         | workload | time | from | to | rate | of peak |\n|---|---|---|---|---|---|",
        peaks[0], peaks[1], peaks[2]
    )
    .map_err(broken_pipe)?;
    for workload in workloads {
        let timing = measure(seconds, &mut (workload.make)(device)?)?;
        let (rate, share) = machine.rate(workload.work, timing.median / 1e6);
        let share = share.map(|share| format!("{:.0} %", 100.0 * share)).unwrap_or_default();
        let [median, p10, p90] = [timing.median, timing.p10, timing.p90].map(time);
        writeln!(out, "| {} | {median} | {p10} | {p90} | {rate} | {share} |", workload.name)
            .and_then(|()| out.flush())
            .map_err(broken_pipe)?;
    }
    Ok(())
}

/// Prints the most bytes that each workload's tensors took, over three steps on a device of its own.
pub(crate) fn print_peaks(
    threads: usize,
    workloads: impl Iterator<Item = Workload>,
    out: &mut impl Write,
) -> Result<()> {
    writeln!(out, "| workload | MiB |\n|---|---|").map_err(broken_pipe)?;
    for workload in workloads {
        let device = with_options(Options { threads: Some(threads), ..Options::default() })?;
        let mut step = (workload.make)(&device)?;
        for _ in 0..3 {
            step()?;
        }
        let mebibytes = device.memory().peak as f64 / f64::from(1 << 20);
        writeln!(out, "| {} | {mebibytes:.1} |", workload.name).map_err(broken_pipe)?;
    }
    Ok(())
}

/// Microseconds in the unit that reads best.
pub(crate) fn time(microseconds: f64) -> String {
    match microseconds {
        t if t < 1e3 => format!("{t:.2} µs"),
        t if t < 1e6 => format!("{:.2} ms", t / 1e3),
        t => format!("{:.2} s", t / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (microseconds, want) in [(0.25, "0.25 µs"), (1500.0, "1.50 ms"), (2.5e6, "2.50 s")] {
            assert_eq!(time(microseconds), want);
        }
    }
}
