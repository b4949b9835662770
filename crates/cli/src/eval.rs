//! `tensorkeep eval`.

use std::io::Write;

use tensorkeep_data::Loader;
use tensorkeep_train::evaluate;

use crate::arguments::Eval;
use crate::failure::Failure;
use crate::loaded::{BATCH, load};
use crate::task::Task;

/// Tests a saved model on the images that training has not seen.
pub(crate) fn run(arguments: &Eval, out: &mut impl Write) -> Result<(), Failure> {
    let device = tensorkeep_cpu::device();
    let (model, said) = load(&arguments.saved, &device)?;
    let task = Task::load(arguments.task, arguments.data.as_deref())?;
    let test = Loader::new(task.test.clone(), BATCH, &device)?;
    let evaluation = evaluate(&model, &test)?;
    write!(out, "{said}")?;
    writeln!(
        out,
        "\ntest accuracy {:.2} % of {} images",
        evaluation.confusion.accuracy() * 100.0,
        test.examples()
    )?;
    Ok(writeln!(out, "\n{}", evaluation.confusion)?)
}
