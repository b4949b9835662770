//! Images in the terminal.

/// Draws grey images side by side, two rows of pixels a line of text, each under its caption.
///
/// Pixels are in `0..=1`; every image has `side × side` of them, in row-major order.
pub(crate) fn images(images: &[(String, Vec<f32>)], side: usize) -> String {
    let width = side.max(14);
    let mut lines = vec![String::new(); side.div_ceil(2) + 1];
    for (caption, pixels) in images {
        lines[0] += &format!("{caption:<width$}  ");
        for (y, line) in lines[1..].iter_mut().enumerate() {
            let pixel =
                |row: usize, x: usize| if row < side { pixels.get(row * side + x).copied() } else { None };
            let drawn: String = (0..side).map(|x| cell(pixel(2 * y, x), pixel(2 * y + 1, x))).collect();
            *line += &format!("{drawn:<width$}  ");
        }
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

/// Two pixels, one above the other, as one character.
fn cell(upper: Option<f32>, lower: Option<f32>) -> char {
    let (upper, lower) = (upper.unwrap_or(0.0), lower.unwrap_or(0.0));
    match (upper >= 0.5, lower >= 0.5) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) if upper.max(lower) >= 0.2 => '░',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_become_half_blocks() {
        let pixels = vec![1.0, 0.0, 0.3, 1.0, 1.0, 0.0, 0.0, 0.0, 0.9];
        let drawn = images(&[("a".to_owned(), pixels)], 3);
        assert_eq!(drawn, "a\n█▄░\n  ▀");
    }
}
