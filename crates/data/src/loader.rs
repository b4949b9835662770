//! Batches for training.

use std::fmt;
use std::sync::Arc;

use tensorkeep_tensor::{Device, Error, Result, Tensor};

use crate::plan::Plan;
use crate::prefetch::Prefetch;
use crate::sampler::Shuffled;
use crate::{Dataset, Pair, Sampler, Transform, order};

/// Cuts a dataset into batches on a device.
///
/// The batches of an epoch are a function of (seed, epoch, index) and of nothing else: not of what ran
/// before, not of the number of workers.
///
/// ```
/// use tensorkeep_data::{Loader, digits};
/// use tensorkeep_tensor::meta;
///
/// let loader = Loader::new(digits()?, 128, &meta::device())?.shuffle(1).drop_last();
/// assert_eq!(loader.batches(), 14);
/// let shapes: Vec<_> = loader.epoch(0).map(|batch| batch.map(|(x, _)| *x.shape())).collect::<Result<_, _>>()?;
/// assert!(shapes.iter().all(|shape| *shape == [128, 1, 8, 8]));
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone)]
pub struct Loader {
    dataset: Arc<dyn Dataset>,
    batch_size: usize,
    device: Device,
    /// Who says which examples an epoch has, and the seed; all in their order if nobody does.
    sampler: Option<(Arc<dyn Sampler>, u64)>,
    transform: Option<(Arc<dyn Transform>, u64)>,
    drop_last: bool,
    workers: usize,
}

impl Loader {
    /// The most threads that make batches ahead.
    pub const MAX_WORKERS: usize = 64;

    /// Batches of `batch_size` in the order of the dataset, the last one perhaps smaller, made when they are
    /// asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a batch size of 0 or a dataset without
    /// examples; [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
    #[track_caller]
    pub fn new(dataset: impl Dataset + 'static, batch_size: usize, device: &Device) -> Result<Self> {
        if batch_size == 0 || dataset.is_empty() {
            let message =
                format!("batches of {batch_size} from {} examples: use at least 1 of each", dataset.len());
            return Err(Error::value("loader", message));
        }
        order::check("loader", dataset.len())?;
        let dataset: Arc<dyn Dataset> = Arc::new(dataset);
        Ok(Self {
            dataset,
            batch_size,
            device: device.clone(),
            sampler: None,
            transform: None,
            drop_last: false,
            workers: 0,
        })
    }

    /// The same in random order, another one every epoch.
    #[must_use]
    pub fn shuffle(self, seed: u64) -> Self {
        let all = Shuffled(self.dataset.len());
        self.sampler(seed, all)
    }

    /// The same with the examples that a sampler chooses, in its order: with weights, by length. It is given a key that is a
    /// function of (seed, epoch).
    #[must_use]
    pub fn sampler(self, seed: u64, sampler: impl Sampler + 'static) -> Self {
        Self { sampler: Some((Arc::new(sampler), seed)), ..self }
    }

    /// The same with each batch changed at random, otherwise in every epoch. The changes are a function of (seed, epoch,
    /// batch).
    #[must_use]
    pub fn transform(self, seed: u64, transform: impl Transform + 'static) -> Self {
        Self { transform: Some((Arc::new(transform), seed)), ..self }
    }

    /// The same without a last batch that is smaller than the others.
    #[must_use]
    pub fn drop_last(self) -> Self {
        Self { drop_last: true, ..self }
    }

    /// The same with batches made ahead on so many threads, at most [`MAX_WORKERS`](Self::MAX_WORKERS). The
    /// batches stay the same.
    #[must_use]
    pub fn workers(self, workers: usize) -> Self {
        Self { workers: workers.min(Self::MAX_WORKERS), ..self }
    }

    /// The number of batches in an epoch.
    pub fn batches(&self) -> usize {
        let n = self.examples();
        if self.drop_last { n / self.batch_size } else { n.div_ceil(self.batch_size) }
    }

    /// The number of examples in an epoch: those of the dataset, unless a sampler chooses.
    pub fn examples(&self) -> usize {
        self.sampler.as_ref().map_or(self.dataset.len(), |(sampler, _)| sampler.len())
    }

    /// The numbers of the examples of an epoch.
    fn order(&self, epoch: u64) -> Result<Vec<usize>> {
        let Some((sampler, seed)) = &self.sampler else {
            return Ok((0..self.dataset.len()).collect());
        };
        let order = sampler.order(order::of_epoch(*seed, epoch))?;
        if order.len() != sampler.len() {
            let message =
                format!("a sampler of {} examples chose {}: mend the sampler", sampler.len(), order.len());
            return Err(Error::value("loader", message));
        }
        Ok(order)
    }

    /// The batches of an epoch.
    pub fn epoch(&self, epoch: u64) -> Epoch {
        let (order, refused) = match self.order(epoch) {
            Ok(order) => (order, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let (dataset, batches) = (Arc::clone(&self.dataset), self.batches());
        let of_epoch =
            |(transform, seed): &(_, u64)| (Arc::clone(transform), order::of_transforms(*seed, epoch));
        let transform = self.transform.as_ref().map(of_epoch);
        let plan = Arc::new(Plan { dataset, order, batch_size: self.batch_size, batches, transform });
        let maker = match (refused, self.workers.min(batches)) {
            (Some(error), _) => Err(error),
            (None, 0) => Ok(None),
            (None, workers) => Prefetch::start(&plan, workers).map(Some),
        };
        Epoch { plan, next: 0, device: self.device.clone(), maker }
    }
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader")
            .field("examples", &self.dataset.len())
            .field("batch_size", &self.batch_size)
            .field("device", &self.device)
            .field("seed", &self.sampler.as_ref().map(|(_, seed)| seed))
            .field("transform", &self.transform.as_ref().map(|(_, seed)| seed))
            .field("drop_last", &self.drop_last)
            .field("workers", &self.workers)
            .finish()
    }
}

/// The batches of an epoch: inputs and targets on the device. Made by [`Loader::epoch`].
///
/// A batch that fails is an error in its place; those after it still come. Dropping the iterator ends its threads.
#[derive(Debug)]
pub struct Epoch {
    plan: Arc<Plan>,
    next: usize,
    device: Device,
    /// Who makes the batches: workers, or nobody but the caller; or why there are none to make or nobody to make them.
    maker: Result<Option<Prefetch>>,
}

impl Epoch {
    fn batch(&self, i: usize) -> Result<Pair> {
        match &self.maker {
            Ok(Some(prefetch)) => prefetch.batch(i),
            Ok(None) => self.plan.batch(i),
            Err(error) => Err(error.clone()),
        }
    }
}

impl Iterator for Epoch {
    type Item = Result<(Tensor, Tensor)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.plan.batches {
            return None;
        }
        let pair = self.batch(self.next);
        self.next += 1;
        // Uploaded here and not by the workers, so that what lives on the device does not depend on how far
        // ahead they are.
        Some(pair.and_then(|(x, y)| {
            Ok((Tensor::from_host(x, &self.device)?, Tensor::from_host(y, &self.device)?))
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.plan.batches - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Epoch {}
