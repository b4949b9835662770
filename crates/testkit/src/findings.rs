//! Running operations and collecting what is wrong.

use tensorkeep_tensor::op::Op;
use tensorkeep_tensor::{Error, ErrorKind, HostArray, Result, Tensor};

use crate::devices::Subject;
use crate::views::Arrangement;
use crate::{Expected, reference};

/// What a table of checks found wrong, so that one run shows every bad row.
#[derive(Debug, Default)]
pub struct Findings(Vec<String>);

impl Findings {
    /// Applies `op` in every arrangement of its operands and compares with the reference.
    pub fn check(&mut self, subject: &Subject, op: &Op, inputs: &[HostArray]) {
        let whole = reference::expect(op, inputs, subject.arithmetic);
        for turn in 0..Arrangement::ALL.len() {
            let arrangement = |i: usize| Arrangement::ALL[(turn + i) % Arrangement::ALL.len()];
            let stretched = (0..inputs.len()).any(|i| arrangement(i) == Arrangement::Stretched);
            let expected = if stretched { expect(subject, op, inputs, arrangement) } else { whole.clone() };
            let result = expected.and_then(|expected| compare(subject, op, inputs, arrangement, &expected));
            self.note(subject, &format!("{:?} {op:?} on {}", arrangement(0), specs(inputs)), result);
        }
    }

    /// Applies `op` to operands in row-major order and compares with the reference.
    pub fn check_plain(&mut self, subject: &Subject, op: &Op, inputs: &[HostArray]) {
        let expected = reference::expect(op, inputs, subject.arithmetic);
        let result =
            expected.and_then(|expected| compare(subject, op, inputs, |_| Arrangement::Plain, &expected));
        self.note(subject, &format!("{op:?} on {}", specs(inputs)), result);
    }

    /// Applies `op` and expects an error of `kind`, at the latest when results are read, that mentions `mention`.
    pub fn refuses(
        &mut self,
        subject: &Subject,
        op: &Op,
        inputs: &[HostArray],
        kind: ErrorKind,
        mention: &str,
    ) {
        let outcome = match run(subject, op, inputs, |_| Arrangement::Plain) {
            Ok(_) => Err(Error::value(op.name(), format!("passed where an error of kind {kind:?} is due"))),
            Err(error) if error.kind() == kind && error.message().contains(mention) => Ok(()),
            Err(error) => Err(error),
        };
        self.note(subject, &format!("{op:?} on {}", specs(inputs)), outcome);
    }

    /// Keeps an error.
    pub fn note(&mut self, subject: &Subject, case: &str, result: Result<()>) {
        if let Err(error) = result {
            let case: String = case.chars().take(300).collect();
            self.0.push(format!("{}: {case}\n    {}", subject.device, error.message()));
        }
    }

    /// Ends a table.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] listing the first findings, if there are any.
    pub fn settle(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let listed: Vec<&str> = self.0.iter().map(String::as_str).take(12).collect();
        Err(Error::value("conformance", format!("{} findings:\n{}", self.0.len(), listed.join("\n"))))
    }
}

fn specs(inputs: &[HostArray]) -> String {
    inputs.iter().map(|x| format!("{}{}", x.dtype(), x.shape())).collect::<Vec<_>>().join(", ")
}

/// What the reference makes of the contents of operands so arranged.
fn expect(
    subject: &Subject,
    op: &Op,
    inputs: &[HostArray],
    arrangement: impl Fn(usize) -> Arrangement,
) -> Result<Vec<Expected>> {
    let contents = inputs.iter().enumerate().map(|(i, x)| arrangement(i).content(x));
    reference::expect(op, &contents.collect::<Result<Vec<_>>>()?, subject.arithmetic)
}

fn compare(
    subject: &Subject,
    op: &Op,
    inputs: &[HostArray],
    arrangement: impl Fn(usize) -> Arrangement,
    expected: &[Expected],
) -> Result<()> {
    let outputs = run(subject, op, inputs, arrangement)?;
    if outputs.len() != expected.len() {
        return Err(Error::value(
            op.name(),
            format!("{} results where {} are due", outputs.len(), expected.len()),
        ));
    }
    expected.iter().zip(&outputs).try_for_each(|(expected, output)| expected.compare(op.name(), output))
}

fn run(
    subject: &Subject,
    op: &Op,
    inputs: &[HostArray],
    arrangement: impl Fn(usize) -> Arrangement,
) -> Result<Vec<HostArray>> {
    let laid = inputs.iter().enumerate().map(|(i, x)| arrangement(i).lay(x, &subject.device));
    let laid = laid.collect::<Result<Vec<_>>>()?;
    let outputs = subject.device.apply(op, &laid.iter().collect::<Vec<_>>())?;
    outputs.iter().map(Tensor::to_host).collect()
}
