//! A report for people.

use std::fmt::{Display, Write};

use tensorkeep_format::escape;

use super::container::{Container, Graph, Port, Trust};
use super::statistics::{Number, Summary, short};
use super::{Line, Report};
use crate::moment;

/// Longest line of an operation's parameters, in characters.
const LONGEST: usize = 160;

/// The report as text. All that came from the file is escaped and cut: no control sequence reaches a terminal.
pub(super) fn page(report: &Report) -> String {
    let mut page = String::new();
    field(&mut page, "file", &escape(&report.file));
    field(&mut page, "bytes", &report.bytes);
    field(&mut page, "format", &report.format.unwrap_or("not one that is read"));
    if let Some(container) = &report.container {
        describe(&mut page, container);
    }
    for (key, value) in &report.metadata {
        field(&mut page, "metadata", &format!("{} {}", escape(key), escape(value)));
    }
    if let Some(graph) = report.container.as_ref().and_then(|container| container.architecture.as_ref()) {
        draw(&mut page, graph);
    }
    if report.format.is_some() {
        list(&mut page, &report.tensors);
    }
    if let Some(problem) = &report.problem {
        // The whole message comes behind, on the other stream.
        field(&mut page, "refused", &format!("{}: do not rely on what is above", problem.code));
    }
    page
}

fn list(page: &mut String, tensors: &[Line]) {
    let elements =
        |line: &Line| line.shape.iter().fold(1, |product: u64, axis| product.saturating_mul(*axis));
    let total = tensors.iter().fold(0, |sum: u64, line| sum.saturating_add(elements(line)));
    field(page, "tensors", &format!("{}, {total} elements", tensors.len()));
    tensors.iter().for_each(|line| tensor(page, line));
}

fn field(page: &mut String, name: &str, value: &dyn Display) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{name:<13}{value}");
}

fn describe(page: &mut String, container: &Container) {
    field(page, "version", &container.version);
    field(page, "id", &escape(&container.id));
    field(page, "kind", &container.kind);
    field(page, "release", &container.release);
    if container.created > 0 {
        let created = moment::text(container.created).unwrap_or_else(|| container.created.to_string());
        field(page, "created", &created);
    }
    field(page, "digest", &container.digest);
    field(page, "manifest", &container.manifest_digest);
    for (name, value) in &container.provenance {
        field(page, "provenance", &format!("{name} {value}"));
    }
    for name in &container.extensions {
        field(page, "extension", &escape(name));
    }
    match (container.signed, container.key_ids.is_empty()) {
        (false, _) => field(page, "signatures", &"none"),
        (true, true) => field(page, "signatures", &"a block that is none"),
        (true, false) => {}
    }
    for key_id in &container.key_ids {
        let note = if container.trust.is_none() { " (its own account: see --store)" } else { "" };
        field(page, "signature", &format!("kid {}{note}", escape(key_id).trim_matches('"')));
    }
    if let Some(trust) = &container.trust {
        describe_trust(page, trust);
    }
}

fn describe_trust(page: &mut String, trust: &Trust) {
    for signer in &trust.signers {
        field(page, "signed by", &format!("{} (kid {})", signer.name, signer.key_id));
    }
    // The messages of the trust store are escaped where they are made.
    for reason in &trust.skipped {
        field(page, "not counted", reason);
    }
    if let Some(reason) = &trust.refused {
        field(page, "not trusted", reason);
    }
}

fn draw(page: &mut String, graph: &Graph) {
    for port in &graph.inputs {
        field(page, "input", &format!("%{} {}", port.value, describe_port(port)));
    }
    for op in &graph.ops {
        let inputs: Vec<String> = op.inputs.iter().map(|value| format!("%{value}")).collect();
        let mut line = format!("%{} = {} v{} ({})", op.value, op.name, op.version, inputs.join(", "));
        if op.results != 1 {
            let _ = write!(line, " gives {} values", op.results);
        }
        for (name, tensor) in &op.weights {
            let _ = write!(line, " {}={}", escape(name).trim_matches('"'), escape(tensor));
        }
        if op.parameters.as_object().is_some_and(|parameters| !parameters.is_empty()) {
            let _ = write!(line, " {}", plain(&op.parameters.to_string()));
        }
        field(page, "op", &line);
    }
    for port in &graph.outputs {
        let labels = match port.labels.len() {
            0 => String::new(),
            count => format!(" with {count} labels"),
        };
        field(page, "output", &format!("%{} {}{labels}", port.value, describe_port(port)));
    }
}

/// JSON that may be shown: it escapes quotes and control characters itself, and here goes what it leaves.
fn plain(json: &str) -> String {
    let mut shown = String::new();
    for c in json.chars().take(LONGEST) {
        match c {
            ' '..='~' => shown.push(c),
            _ => shown.extend(c.escape_unicode()),
        }
    }
    if json.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

fn describe_port(port: &Port) -> String {
    let axes: Vec<String> =
        port.shape.iter().map(|axis| axis.map_or("any".into(), |size| size.to_string())).collect();
    format!("{} {}[{}]", escape(&port.name), port.dtype, axes.join(", "))
}

fn tensor(page: &mut String, line: &Line) {
    let name = if line.name.is_empty() { "(the array)".into() } else { escape(&line.name) };
    let _ = writeln!(page, "  {name} {}{:?} {} bytes", line.dtype, line.shape, line.bytes);
    if let Some(digest) = &line.digest {
        let _ = writeln!(page, "    blake3 {digest}");
    }
    match &line.statistics {
        Some(summary) => {
            let _ = writeln!(page, "    {}", statistics(summary));
        }
        None => page.push_str("    not read to its end, or not accepted\n"),
    }
}

fn statistics(summary: &Summary) -> String {
    let number = |number: Option<Number>| number.map_or("none".into(), |number| number.to_string());
    let float = |float: Option<f64>| float.map_or("none".into(), short);
    format!(
        "min {} max {} mean {} std {}; {} zeros, {} NaN, {} infinite",
        number(summary.min),
        number(summary.max),
        float(summary.mean),
        float(summary.std),
        summary.zeros,
        summary.nan,
        summary.infinite
    )
}
