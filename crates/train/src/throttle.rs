//! Doing something not too often.

use std::time::{Duration, Instant};

/// Says when enough time has passed to do something again. No timer runs: it is asked.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// use tensorkeep_train::Throttle;
///
/// let (mut throttle, start) = (Throttle::new(Duration::from_secs(10)), Instant::now());
/// let ready = [0, 4, 11, 15, 21].map(|seconds| throttle.ready_at(start + Duration::from_secs(seconds)));
/// assert_eq!(ready, [true, false, true, false, true]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    every: Duration,
    leading: bool,
    last: Option<Instant>,
}

impl Throttle {
    /// One that is ready at once, and again whenever `every` has passed since it last was.
    pub fn new(every: Duration) -> Self {
        Self { every, leading: true, last: None }
    }

    /// One that is first ready when `every` has passed since it was first asked.
    pub fn trailing(every: Duration) -> Self {
        Self { leading: false, ..Self::new(every) }
    }

    /// Whether it is ready now.
    pub fn ready(&mut self) -> bool {
        self.ready_at(Instant::now())
    }

    /// Whether it is ready at `now`.
    pub fn ready_at(&mut self, now: Instant) -> bool {
        let ready = self.last.map_or(self.leading, |last| now.saturating_duration_since(last) >= self.every);
        if ready || self.last.is_none() {
            self.last = Some(now);
        }
        ready
    }
}
