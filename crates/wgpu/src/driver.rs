//! An adapter opened: the device and its queue, with errors as values.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tensorkeep_tensor::{Error, ErrorKind, Result};

use crate::fault::{Faults, from_wgpu, lost};
use crate::wait::block_on;

/// How long the device may be silent.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A device of wgpu and its one queue.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) faults: Arc<Faults>,
    /// What was granted.
    pub(crate) limits: wgpu::Limits,
}

impl Driver {
    /// Opens an adapter with everything it can do, or less where `restrict` says so.
    #[track_caller]
    pub(crate) fn open(adapter: &wgpu::Adapter, restrict: impl FnOnce(&mut wgpu::Limits)) -> Result<Self> {
        // The adapter's own limits: the defaults of WebGPU are far below what machines have.
        let mut limits = adapter.limits();
        restrict(&mut limits);
        let descriptor = wgpu::DeviceDescriptor {
            label: None,
            required_features: adapter.features() & wgpu::Features::SHADER_F16,
            required_limits: limits.clone(),
            experimental_features: wgpu::ExperimentalFeatures::disabled(),
            memory_hints: wgpu::MemoryHints::Performance,
            trace: wgpu::Trace::Off,
        };
        let refused = |why: String| {
            let message =
                format!("{} could not be opened ({why}): update its driver", adapter.get_info().name);
            Error::new(ErrorKind::Unsupported, "wgpu", message)
        };
        let (device, queue) = block_on(adapter.request_device(&descriptor))
            .ok_or_else(|| refused("no answer".to_owned()))?
            .map_err(|error| refused(error.to_string()))?;
        Ok(Self { faults: Faults::of(&device), device, queue, limits })
    }

    /// Makes an object, and tells what wgpu has to say about it. The translator of shaders has been seen to panic, so that becomes
    /// an error too.
    #[track_caller]
    pub(crate) fn create<T>(&self, op: &'static str, make: impl FnOnce(&wgpu::Device) -> T) -> Result<T> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let made = catch_unwind(AssertUnwindSafe(|| make(&self.device)));
        let errors = [block_on(internal.pop()), block_on(validation.pop()), block_on(memory.pop())];
        if let Some(error) = errors.into_iter().flatten().flatten().next() {
            return Err(self.explained(op, &error));
        }
        made.map_err(|_| Error::internal(op, "the shader translator failed: please report this expression"))
    }

    /// Fails if anything went wrong since the last look.
    #[track_caller]
    pub(crate) fn check(&self) -> Result<()> {
        self.faults.check_lost()?;
        self.faults.take_uncaptured().map_or(Ok(()), |error| Err(self.explained("wgpu", &error)))
    }

    /// What an error of wgpu means: that the device is lost, if it is, since then everything fails.
    #[track_caller]
    #[cold]
    fn explained(&self, op: &'static str, error: &wgpu::Error) -> Error {
        // The loss itself is told while polling alone.
        let _ = self.device.poll(wgpu::PollType::Poll);
        self.faults.check_lost().err().unwrap_or_else(|| from_wgpu(op, error))
    }

    /// Makes a buffer; the error is [`ErrorKind::OutOfMemory`] where the driver has none left.
    #[track_caller]
    pub(crate) fn buffer(
        &self,
        op: &'static str,
        size: u64,
        usage: wgpu::BufferUsages,
        mapped: bool,
    ) -> Result<wgpu::Buffer> {
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: mapped };
        self.create(op, |device| device.create_buffer(&descriptor))
    }

    /// Waits until a submission is done, or for the last one.
    #[track_caller]
    pub(crate) fn wait(&self, submission: Option<wgpu::SubmissionIndex>) -> Result<()> {
        let poll = wgpu::PollType::Wait { submission_index: submission, timeout: Some(DEADLINE) };
        match self.device.poll(poll) {
            Ok(_) => self.check(),
            Err(wgpu::PollError::Timeout) => Err(lost(&format!("no answer for {} s", DEADLINE.as_secs()))),
            Err(error @ wgpu::PollError::WrongSubmissionIndex(..)) => {
                self.check()?;
                Err(Error::internal("wgpu", error.to_string()))
            }
        }
    }
}
