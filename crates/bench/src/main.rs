//! Times every workload that Tensorkeep is compared by.
//!
//! `cargo xtask bench` runs it. Alone, it prints a table with rates and their share of what the machine can do; with
//! `--serve` it answers requests in the protocol that its peers' programs speak, so that all can be asked in turn.

mod compare;
mod machine;
mod measure;
mod models;
mod serve;
mod table;
mod workload;
mod workloads;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use compare::Comparison;
use tensorkeep::cpu::{Options, limit_instructions, with_options};
use tensorkeep::{Error, Result};

/// Times the workloads that Tensorkeep is compared by.
#[derive(Debug, Parser)]
struct Arguments {
    /// Answers lines of `WORKLOAD SECONDS` on standard input with a line of JSON each.
    #[arg(long, conflicts_with_all = ["list", "filter", "seconds", "peak", "compare"])]
    serve: bool,
    /// Prints the names of the workloads.
    #[arg(long)]
    list: bool,
    /// Runs only workloads whose name contains this.
    #[arg(long, default_value = "")]
    filter: String,
    /// How long to time each, after a fifth of it to warm up.
    #[arg(long, default_value_t = 0.5)]
    seconds: f64,
    /// How many threads compute: the environment's `BENCH_THREADS`, or 1, if not given.
    #[arg(long)]
    threads: Option<usize>,
    /// Limits the kernels to an instruction set, such as avx2: what a lesser machine would run.
    #[arg(long, value_name = "SET")]
    instructions: Option<String>,
    /// Prints the most memory that the tensors of each took, instead of times.
    #[arg(long, conflicts_with = "compare")]
    peak: bool,
    /// Asks the programs listed in DIR/peers.json too, in turn, and prints ratios.
    #[arg(long, value_name = "DIR")]
    compare: Option<PathBuf>,
    /// How often each program is asked.
    #[arg(long, default_value_t = 3, requires = "compare")]
    rounds: usize,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do for someone whose standard error is closed.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let out = &mut io::stdout().lock();
    let threads = match (arguments.threads, std::env::var("BENCH_THREADS")) {
        (Some(threads), _) => threads,
        (None, Ok(threads)) => threads.parse().map_err(|_| {
            Error::value("bench", format!("BENCH_THREADS is `{threads}`: set it to a number of threads"))
        })?,
        (None, Err(_)) => 1,
    };
    if let Some(set) = &arguments.instructions {
        limit_instructions(set)?;
    }
    let device = with_options(Options { threads: Some(threads), ..Options::default() })?;
    if arguments.serve {
        return serve::run(&device, threads, io::stdin().lock(), out);
    }
    let mut chosen =
        workloads::all().into_iter().filter(|workload| workload.name.contains(&arguments.filter));
    if arguments.list {
        return chosen.try_for_each(|workload| writeln!(out, "{}", workload.name).map_err(broken_pipe));
    }
    if let Some(folder) = &arguments.compare {
        let comparison = Comparison {
            threads,
            seconds: arguments.seconds,
            rounds: arguments.rounds,
            instructions: arguments.instructions.clone(),
        };
        return comparison.run(folder, &chosen.map(|workload| workload.name).collect::<Vec<_>>(), out);
    }
    if arguments.peak {
        return table::print_peaks(threads, chosen, out);
    }
    table::print(&device, threads, arguments.seconds, chosen, out)
}

/// What a closed pipe or a full disk is.
fn broken_pipe(error: io::Error) -> Error {
    Error::new(tensorkeep::ErrorKind::Io, "bench", format!("{error}: let the output be read to its end"))
}
