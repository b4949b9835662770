//! `tensorkeep predict`.

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use tensorkeep_data::{Csv, Target, read_netpbm};
use tensorkeep_format::{Code, FileRules, LoadLimits, escape, read_file, recognise};
use tensorkeep_model::LoadedModel;
use tensorkeep_nn::Layer;
use tensorkeep_tensor::{Error, HostArray, HostData, Tensor};

use crate::arguments::Predict;
use crate::failure::{Failure, conclude};
use crate::loaded::{BATCH, load, sizes};

/// Longest image, in bytes.
const LONGEST: u64 = 16 << 20;

/// Shows what a saved model makes of an image, or of each row of a table.
pub(crate) fn run(arguments: &Predict, out: &mut impl Write) -> Result<(), Failure> {
    let device = tensorkeep_cpu::device();
    let (model, mut said) = load(&arguments.saved, &device)?;
    let sizes = sizes(&model)?;
    let examples = Examples::read(&arguments.input, &sizes, arguments.max)?;
    examples.check(&model)?;
    let count = sizes.iter().product::<usize>().max(1);
    for (batch, numbers) in examples.numbers.chunks(BATCH * count).enumerate() {
        let shape: Vec<usize> = std::iter::once(numbers.len() / count).chain(sizes.iter().copied()).collect();
        let x = Tensor::from_host(HostArray::new(HostData::F32(numbers.to_vec()), shape)?, &device)?;
        let chances = model.forward(&x)?.softmax()?;
        let classes = chances.shape().last().copied().unwrap_or(1).max(1);
        for (i, row) in chances.to_vec::<f32>()?.chunks(classes).enumerate() {
            let label = examples.labels.as_ref().and_then(|labels| labels.get(batch * BATCH + i));
            tell(&mut said, batch * BATCH + i, row, &model.output().labels, label.copied());
        }
    }
    conclude(out, &said, Ok(()))
}

/// What a model is shown.
struct Examples {
    /// One example after the other.
    numbers: Vec<f32>,
    /// What the table says that they are.
    labels: Option<Vec<f32>>,
}

impl Examples {
    fn read(path: &Path, sizes: &[usize], max: f32) -> Result<Self, Failure> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("pgm" | "ppm") => Self::of_image(path, sizes),
            Some("csv") => Self::of_table(path, sizes.iter().product(), max),
            _ => {
                let message = "the extension says neither .pgm nor .ppm nor .csv: convert the image to PGM, as `magick in.png -depth 8 out.pgm` does";
                Err(Failure::new(Code::DataMagic, message))
            }
        }
    }

    fn of_image(path: &Path, sizes: &[usize]) -> Result<Self, Failure> {
        let limits = LoadLimits { file: LONGEST, ..LoadLimits::default() };
        let bytes = read_file(path, &limits, &FileRules::default())?;
        let (shape, data) = read_netpbm(&bytes).map_err(|error| refusal(error, &bytes, path))?.into_parts();
        let HostData::F32(numbers) = data else {
            return Err(Error::internal("predict", "an image is not of f32").into());
        };
        if !sizes.ends_with(&shape[1..]) || sizes.iter().product::<usize>() != numbers.len() {
            let message = format!("the image is {shape}, the model takes {sizes:?}: resize it");
            return Err(Failure::new(Code::DataSchema, message));
        }
        Ok(Self { numbers, labels: None })
    }

    /// A row has the numbers of an example, and perhaps its label behind them.
    fn of_table(path: &Path, count: usize, max: f32) -> Result<Self, Failure> {
        let table = Csv { target: Target::Number, ..Csv::default() }.read_file(path)?;
        let [numbers, last] = [table.inputs(), table.targets()].map(HostArray::data);
        let (HostData::F32(numbers), HostData::F32(last)) = (numbers, last) else {
            return Err(Error::internal("predict", "a table is not of f32").into());
        };
        let columns = numbers.len() / last.len().max(1);
        let scaled = |number: &f32| number / max;
        if columns == count {
            return Ok(Self { numbers: numbers.iter().map(scaled).collect(), labels: Some(last.clone()) });
        }
        if columns + 1 == count {
            let rows = numbers.chunks(columns.max(1)).zip(last);
            let numbers = rows.flat_map(|(row, last)| row.iter().chain(std::iter::once(last))).map(scaled);
            return Ok(Self { numbers: numbers.collect(), labels: None });
        }
        let message = format!(
            "a row has {} numbers, the model takes {count}, and perhaps a label: use such rows",
            columns + 1
        );
        Err(Failure::new(Code::DataSchema, message))
    }

    /// That the model was made for such numbers.
    fn check(&self, model: &LoadedModel) -> Result<(), Failure> {
        let Some([low, high]) = model.input().range else {
            return Ok(());
        };
        let beyond = self.numbers.iter().find(|number| !(low..=high).contains(&f64::from(**number)));
        beyond.map_or(Ok(()), |number| {
            let message = format!(
                "{number} is not in {low}..={high}, which the model takes: say --max for the greatest number"
            );
            Err(Failure::new(Code::DataRange, message))
        })
    }
}

/// Why an image is not read. Who meant a file of another format is told which it is.
fn refusal(error: Error, bytes: &[u8], path: &Path) -> Failure {
    let (code, message) = match recognise(bytes) {
        Some(foreign) => (Code::DataMagic, format!("this is {}, no image: pass one", foreign.name)),
        None => (Code::DataSchema, error.message().to_owned()),
    };
    tensorkeep_format::Error::new(code, message).within(&path.to_string_lossy()).into()
}

fn tell(said: &mut String, i: usize, chances: &[f32], labels: &[String], label: Option<f32>) {
    let name = |class: usize| {
        labels
            .get(class)
            .map_or_else(|| class.to_string(), |label| escape(label).trim_matches('"').to_owned())
    };
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|&a, &b| chances[b].total_cmp(&chances[a]));
    let best: Vec<String> = order
        .iter()
        .take(3)
        .map(|&class| format!("{} ({:.1} %)", name(class), chances[class] * 100.0))
        .collect();
    let _ = write!(said, "{}: {}", i + 1, best.join(", "));
    if let Some(label) = label {
        let right = order.first().is_some_and(|&class| class as f32 == label);
        let _ = write!(said, "; the table says {label}{}", if right { "" } else { ", WRONG" });
    }
    said.push('\n');
}
