//! One schedule after the other.

use std::fmt;

use tensorkeep_tensor::{Error, Result};

use super::{Schedule, check_period};

/// One schedule after the other, each counting its steps from 0; the last goes on for good.
///
/// ```
/// use tensorkeep_train::schedules::{Constant, Exponential, Schedule, Sequence};
///
/// let schedule = Sequence::new().then(3, Constant(1.0)).then(10, Exponential { start: 0.5, decay: 0.5 });
/// assert_eq!((schedule.at(2)?, schedule.at(3)?, schedule.at(4)?), (1.0, 0.5, 0.25));
/// assert!(Sequence::new().at(0).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Default)]
pub struct Sequence {
    parts: Vec<(u64, Box<dyn Schedule>)>,
}

impl Sequence {
    /// A sequence of nothing, which has no number at any step.
    pub fn new() -> Self {
        Self::default()
    }

    /// The sequence with `steps` steps of another schedule at its end.
    #[must_use]
    pub fn then(mut self, steps: u64, schedule: impl Schedule + 'static) -> Self {
        self.parts.push((steps, Box::new(schedule)));
        self
    }
}

impl Schedule for Sequence {
    fn at(&self, step: u64) -> Result<f64> {
        let mut into = step;
        let mut parts = self.parts.iter().peekable();
        while let Some((steps, schedule)) = parts.next() {
            check_period("a part", *steps)?;
            if into < *steps || parts.peek().is_none() {
                return (**schedule).at(into);
            }
            into -= steps;
        }
        Err(Error::value("schedule", "a sequence of no schedules: add one with then(steps, schedule)"))
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts.iter().map(|(steps, _)| steps)).finish()
    }
}
