//! A text as numbers, cut into windows to learn from and to test on.

use std::path::Path;

use tensorkeep::prelude::*;

/// What is learnt without `--data`: a text that does not change.
const EMBEDDED: &str = include_str!("../../../../LICENSE-APACHE");

/// Characters of a text of which even the tenth that is kept for testing holds some windows.
const SHORTEST: usize = 4000;

/// A text whose characters are numbers, in the order of the alphabet of those that occur.
pub(crate) struct Text {
    alphabet: Vec<char>,
    train: Vec<i32>,
    test: Vec<i32>,
}

/// Windows of a text and, for each of their characters, the one that follows: `[batch, length]` both.
pub(crate) type Windows = (Tensor, Tensor);

impl Text {
    /// The text of a file, or the embedded one. The last tenth is kept for testing.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self> {
        let text = match path {
            None => EMBEDDED.to_owned(),
            Some(path) => std::fs::read_to_string(path).map_err(|error| {
                let message = format!("{}: {error}: pass a file of text", path.display());
                Error::new(ErrorKind::Io, "text", message)
            })?,
        };
        let mut alphabet: Vec<char> = text.chars().collect();
        if alphabet.len() < SHORTEST {
            let message = format!("a text of {} characters: use at least {SHORTEST}", alphabet.len());
            return Err(Error::value("text", message));
        }
        alphabet.sort_unstable();
        alphabet.dedup();
        let number = |c: char| alphabet.binary_search(&c).unwrap_or_default() as i32;
        let mut train: Vec<i32> = text.chars().map(number).collect();
        let test = train.split_off(train.len() * 9 / 10);
        Ok(Self { alphabet, train, test })
    }

    /// How many different characters there are.
    pub(crate) fn characters(&self) -> usize {
        self.alphabet.len()
    }

    /// The characters of these numbers.
    pub(crate) fn spell(&self, numbers: &[i32]) -> String {
        let character = |number: &i32| usize::try_from(*number).ok().and_then(|i| self.alphabet.get(i));
        numbers.iter().filter_map(character).collect()
    }

    /// The windows of one step of training. They start all over the text, at places that the Python programs beside these examples
    /// find too: multiples of 2³² divided by the golden ratio, as Knuth hashes (*The Art of Computer Programming*, volume 3, §6.4).
    pub(crate) fn batch(&self, step: usize, [batch, length]: [usize; 2], device: &Device) -> Result<Windows> {
        let places = (self.train.len() - length - 1) as u64;
        let start = |row: usize| ((step * batch + row) as u64 * 2_654_435_769 % (1 << 32) * places) >> 32;
        windows(&self.train, (0..batch).map(|row| start(row) as usize), length, device)
    }

    /// All of the part that is kept for testing, in batches of windows that lie side by side.
    fn held_out(
        &self,
        [batch, length]: [usize; 2],
        device: &Device,
    ) -> impl Iterator<Item = Result<Windows>> {
        let starts: Vec<usize> = (0..(self.test.len() - 1) / length).map(|i| i * length).collect();
        let batches: Vec<Vec<usize>> = starts.chunks(batch).map(<[usize]>::to_vec).collect();
        let device = device.clone();
        batches.into_iter().map(move |starts| windows(&self.test, starts.into_iter(), length, &device))
    }

    /// The mean loss of a model for a character of the part that is kept for testing.
    pub(crate) fn test(&self, model: &impl Layer, windows: [usize; 2], device: &Device) -> Result<f64> {
        let (mut total, mut count) = (0.0, 0);
        for batch in self.held_out(windows, device) {
            let (x, y) = batch?;
            total += cross_entropy(&model.forward(&x)?, &y)?.item()?.as_f64() * y.elements() as f64;
            count += y.elements();
        }
        Ok(total / count as f64)
    }
}

fn windows(
    text: &[i32],
    starts: impl Iterator<Item = usize>,
    length: usize,
    device: &Device,
) -> Result<Windows> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for start in starts {
        x.extend_from_slice(&text[start..start + length]);
        y.extend_from_slice(&text[start + 1..start + length + 1]);
    }
    let shape = [x.len() / length, length];
    Ok((Tensor::from_vec(x, shape, device)?, Tensor::from_vec(y, shape, device)?))
}

/// A number drawn with the chances that logits `[characters]` give, at a temperature: `uniform` is a draw from 0 to 1.
pub(crate) fn draw(logits: &Tensor, temperature: f64, uniform: f32) -> Result<i32> {
    let chances = logits.div(temperature)?.softmax()?.cumsum(-1)?.to_vec::<f32>()?;
    let last = chances.len().saturating_sub(1);
    Ok(chances.iter().position(|&sum| uniform < sum).unwrap_or(last) as i32)
}
