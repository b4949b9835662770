//! Drawings for the page.

use std::fmt::Write;

use tensorkeep_train::Confusion;

use super::{Mistake, ticks};

/// The drawing's size, and the room for the labels around the curve.
const CURVE: [f64; 2] = [640.0, 280.0];
const LEFT: f64 = 60.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 44.0;
/// More epochs than these are drawn without a dot each.
const DOTTED: usize = 200;

/// The loss of each epoch as a line.
pub(super) fn loss_curve(losses: &[f64]) -> String {
    let [width, height] = CURVE;
    let finite = losses.iter().copied().filter(|loss| loss.is_finite());
    // At least a little, so that a loss of 0 can be drawn.
    let highest = finite.fold(1e-9, f64::max);
    let step = ticks::step(highest, 4.0);
    let high = (highest / step).ceil() * step;
    let x = |i: usize| LEFT + (width - LEFT - RIGHT) * i as f64 / (losses.len().max(2) - 1) as f64;
    let y = |loss: f64| TOP + (height - TOP - BOTTOM) * (1.0 - loss / high);
    let mut svg =
        format!("<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"training loss by epoch\">");
    let end = width - RIGHT;
    for mark in 0..=(high / step).round() as u32 {
        let loss = step * f64::from(mark);
        let at = y(loss);
        let _ =
            write!(svg, "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{end}\" y2=\"{at:.1}\"/>");
        text(&mut svg, [LEFT - 8.0, at + 4.0], "end", &ticks::label(loss, step));
    }
    let every = (ticks::step(losses.len() as f64, 8.0) as usize).max(1);
    for epoch in (1..=losses.len()).filter(|epoch| *epoch == 1 || epoch % every == 0) {
        text(&mut svg, [x(epoch - 1), height - BOTTOM + 18.0], "middle", &epoch.to_string());
    }
    text(&mut svg, [LEFT - 8.0, 12.0], "end", "loss");
    text(&mut svg, [end, height - 6.0], "end", "epoch");
    let points: Vec<(usize, f64)> =
        losses.iter().copied().enumerate().filter(|(_, loss)| loss.is_finite()).collect();
    let path: String = points.iter().map(|&(i, loss)| format!("{:.1},{:.1} ", x(i), y(loss))).collect();
    let _ = write!(svg, "<polyline class=\"curve\" points=\"{}\"/>", path.trim_end());
    for &(i, loss) in points.iter().filter(|_| points.len() <= DOTTED) {
        let _ = write!(
            svg,
            "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"><title>epoch {}: {loss:.4}</title></circle>",
            x(i),
            y(loss),
            i + 1
        );
    }
    svg + "</svg>"
}

/// Text at a place: `anchor` says which part of it stands there.
fn text(svg: &mut String, [x, y]: [f64; 2], anchor: &str, text: &str) {
    let _ = write!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
}

/// The sides of a cell of the confusion matrix, and the room for the labels above and left of the cells.
const CELL: f64 = 40.0;
const MARGIN: f64 = 56.0;

/// The confusion matrix as a table of shaded cells: right guesses in one colour, wrong ones in another.
pub(super) fn confusion(table: &Confusion) -> String {
    let classes = table.classes();
    let size = MARGIN + CELL * classes as f64;
    let mut svg = format!("<svg viewBox=\"0 0 {size} {size}\" role=\"img\" aria-label=\"confusion matrix\">");
    text(&mut svg, [MARGIN - 12.0, MARGIN - 10.0], "end", "label");
    text(&mut svg, [MARGIN + CELL * classes as f64 / 2.0, 14.0], "middle", "guess");
    for label in 0..classes {
        let middle = MARGIN + CELL * (label as f64 + 0.5);
        text(&mut svg, [MARGIN - 12.0, middle + 4.0], "end", &label.to_string());
        text(&mut svg, [middle, MARGIN - 10.0], "middle", &label.to_string());
        let total: u64 = (0..classes).map(|guess| table.count(label, guess)).sum();
        for guess in 0..classes {
            cell(&mut svg, [label, guess], table.count(label, guess), total);
        }
    }
    svg + "</svg>"
}

/// One cell: how often a label, which occurs `total` times, was taken for a guess.
fn cell(svg: &mut String, [label, guess]: [usize; 2], count: u64, total: u64) {
    let [x, y] = [guess, label].map(|i| MARGIN + CELL * i as f64);
    // Few mistakes among many hits would be invisible on a linear scale.
    let shade = 0.15 + 0.85 * (count as f64 / total.max(1) as f64).sqrt();
    let class = match (count, label == guess) {
        (0, _) => "none",
        (_, true) => "hit",
        (_, false) => "miss",
    };
    let opacity = if count == 0 { 1.0 } else { shade };
    let _ = write!(
        svg,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{0:.1}\" height=\"{0:.1}\" rx=\"3\" \
         fill-opacity=\"{opacity:.3}\"><title>{label} taken for {guess}: {count}</title></rect>",
        CELL - 2.0
    );
    if count > 0 {
        // On a dark shade in the colour of the paper.
        let class = if shade > 0.6 { "class=\"on\" " } else { "" };
        let (x, y) = (x + CELL / 2.0 - 1.0, y + CELL / 2.0 + 3.0);
        let _ = write!(svg, "<text {class}x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{count}</text>");
    }
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
