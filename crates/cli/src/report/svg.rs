//! Drawings for the page.

use std::fmt::Write;

use tensorkeep_train::Confusion;

use super::Mistake;

/// The loss of each epoch as a line.
pub(super) fn loss_curve(losses: &[f64]) -> String {
    let (width, height, left, top, bottom) = (640.0, 260.0, 56.0, 12.0, 36.0);
    let finite = losses.iter().copied().filter(|loss| loss.is_finite());
    let highest = finite.fold(f64::MIN_POSITIVE, f64::max);
    let x = |i: usize| left + (width - left - 12.0) * i as f64 / (losses.len().max(2) - 1) as f64;
    let y = |loss: f64| top + (height - top - bottom) * (1.0 - loss / highest);
    let mut svg =
        format!("<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"training loss by epoch\">");
    for step in 0..=4 {
        let loss = highest * f64::from(step) / 4.0;
        let at = y(loss);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{left}\" y1=\"{at:.1}\" x2=\"{:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{loss:.3}</text>",
            width - 12.0,
            left - 8.0,
            at + 4.0
        );
    }
    let every = losses.len().div_ceil(10).max(1);
    for i in (0..losses.len()).step_by(every) {
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            x(i),
            height - bottom + 20.0,
            i + 1
        );
    }
    let points: Vec<(f64, f64)> = losses
        .iter()
        .enumerate()
        .filter(|(_, loss)| loss.is_finite())
        .map(|(i, &loss)| (x(i), y(loss)))
        .collect();
    let path: String = points.iter().map(|(x, y)| format!("{x:.1},{y:.1} ")).collect();
    let _ = write!(svg, "<polyline class=\"curve\" points=\"{}\"/>", path.trim_end());
    for (i, (x, y)) in points.iter().enumerate() {
        let _ = write!(
            svg,
            "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"><title>epoch {}: {:.4}</title></circle>",
            i + 1,
            losses.get(i).copied().unwrap_or(f64::NAN)
        );
    }
    svg + "</svg>"
}

/// The confusion matrix as a table of shaded cells: right guesses in one colour, wrong ones in another.
pub(super) fn confusion(table: &Confusion) -> String {
    let (cell, margin) = (40.0, 36.0);
    let classes = table.classes();
    let size = margin + cell * classes as f64 + 4.0;
    let mut svg = format!("<svg viewBox=\"0 0 {size} {size}\" role=\"img\" aria-label=\"confusion matrix\">");
    for label in 0..classes {
        let row: u64 = (0..classes).map(|guess| table.count(label, guess)).sum();
        let at = margin + cell * label as f64;
        let middle = at + cell / 2.0;
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>\
             <text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            margin - 10.0,
            middle + 4.0,
            margin - 10.0
        );
        for guess in 0..classes {
            let count = table.count(label, guess);
            let share = count as f64 / row.max(1) as f64;
            // Few mistakes among many hits would be invisible on a linear scale.
            let shade = if count == 0 { 0.0 } else { 0.15 + 0.85 * share.sqrt() };
            let class = if guess == label { "hit" } else { "miss" };
            let x = margin + cell * guess as f64;
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{at:.1}\" width=\"{:.1}\" height=\"{:.1}\" \
                 fill-opacity=\"{shade:.3}\"><title>{label} taken for {guess}: {count}</title></rect>",
                cell - 2.0,
                cell - 2.0
            );
            if count > 0 {
                let _ = write!(
                    svg,
                    "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{count}</text>",
                    x + cell / 2.0 - 1.0,
                    middle + 3.0
                );
            }
        }
    }
    svg + "</svg>"
}

/// A grey image, `side × side` pixels in `0..=1`.
pub(super) fn image(mistake: &Mistake, side: usize) -> String {
    let mut svg = format!(
        "<svg class=\"image\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"a {} taken for a {}\">",
        mistake.label, mistake.guess
    );
    for (i, &pixel) in mistake.pixels.iter().enumerate().filter(|(_, pixel)| **pixel > 0.02) {
        let (x, y) = (i % side, i / side);
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"1.02\" height=\"1.02\" fill-opacity=\"{pixel:.2}\"/>"
        );
    }
    svg + "</svg>"
}
