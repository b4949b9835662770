//! The page: one file that needs no other.

use std::fmt::Write;

use tensorkeep_train::Confusion;

use super::{Mistake, Summary, svg};

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1c1c1a; --soft: #6d6a63; --line: #dedbd2; --paper: #fbfaf7; --hit: #2a7f62; --miss: #c2502e; }
@media (prefers-color-scheme: dark) { :root { --ink: #ecebe6; --soft: #a09c92; --line: #3a3833; --paper: #191816; --hit: #52b893; --miss: #e8805c; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; } dt { color: var(--soft); } dd { margin: 0; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } svg text.on { fill: var(--paper); }
.grid { stroke: var(--line); } .curve { fill: none; stroke: var(--hit); stroke-width: 2; } .dot { fill: var(--hit); }
.hit { fill: var(--hit); } .miss { fill: var(--miss); } .none { fill: none; stroke: var(--line); pointer-events: all; } .matrix { max-width: 30rem; }
.mistakes { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; width: 6rem; } figcaption { font-size: .8rem; color: var(--soft); }
.image { border: 1px solid var(--line); border-radius: 4px; } .image rect { fill: var(--ink); }
";

/// The page of a run.
pub(super) fn page(summary: &Summary, confusion: &Confusion, mistakes: &[Mistake], side: usize) -> String {
    let title = format!("{} on {}", summary.model, summary.task);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<dl>"
    );
    for (name, value) in facts(summary) {
        let _ = write!(page, "<dt>{name}</dt><dd>{}</dd>", escape(&value));
    }
    let _ = write!(
        page,
        "</dl>\n<h2>Training loss by epoch</h2>\n{}\n\
         <h2>Confusion matrix of the test images</h2>\n<p>How often the digit of a row was taken for that of a column.</p>\n\
         <div class=\"matrix\">{}</div>\n",
        svg::loss_curve(&summary.train_loss),
        svg::confusion(confusion)
    );
    if !mistakes.is_empty() {
        page += "<h2>Worst mistakes</h2>\n<div class=\"mistakes\">";
        for mistake in mistakes {
            let Mistake { label, guess, loss, .. } = mistake;
            let drawn = svg::image(mistake, side);
            let _ = write!(
                page,
                "<figure>{drawn}<figcaption>{label}, taken for {guess}<br>loss {loss:.2}</figcaption></figure>"
            );
        }
        page += "</div>\n";
    }
    page + "</body></html>\n"
}

fn facts(summary: &Summary) -> [(&'static str, String); 9] {
    [
        ("Test accuracy", format!("{:.2} %", summary.test_accuracy * 100.0)),
        ("Device", summary.device.clone()),
        ("Seed", summary.seed.to_string()),
        ("Parameters", summary.parameters.to_string()),
        ("Epochs", summary.epochs.to_string()),
        ("Batch size, learning rate", format!("{}, {}", summary.batch_size, summary.learning_rate)),
        ("Training time", format!("{:.1} s", summary.seconds)),
        ("Samples a second", format!("{:.0}", summary.samples_per_second)),
        ("Peak memory of the device", format!("{:.1} MiB", summary.peak_bytes as f64 / f64::from(1 << 20))),
    ]
}

/// Text as HTML: a device's name comes from its driver.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
