//! Operations recorded one after the other, and submitted many at a time.

use std::collections::VecDeque;

use tensorkeep_tensor::{Error, Result};

use crate::doubt::Doubt;
use crate::driver::Driver;
use crate::kernel::Kernel;
use crate::report::{Look, Reports};
use crate::staging::{mapped, readable};

/// Words for the parameters of the kernels of one submission.
const ARENA_WORDS: usize = 1 << 16;
/// Words that a kernel's parameters have room for, as `parts/launch.wgsl` declares them.
const PARAMS: usize = 256;
/// Submissions that the device may be behind.
const IN_FLIGHT: usize = 4;
/// Kernels in the first submission after a wait, when the device has nothing to do. Each later one has twice as many.
const FIRST_BATCH: usize = 8;
/// Bytes copied in from outside that may wait for a submission, since they are held twice until then.
const STAGED: u64 = 16 << 20;

/// The one open command list of a device. Everything goes through it, so everything happens in order.
///
/// Parameters lie in an arena that is written once, right before the submission that reads it: wgpu puts such
/// writes before all commands of a submission. Tensors are never written that way.
#[derive(Debug)]
pub(crate) struct Stream {
    // Before the encoder, since it must end before it.
    pass: Option<wgpu::ComputePass<'static>>,
    encoder: Option<wgpu::CommandEncoder>,
    arena: wgpu::Buffer,
    words: Vec<u32>,
    /// The step between slots in the arena.
    alignment: usize,
    dispatches: usize,
    staged: u64,
    batch: usize,
    largest_batch: usize,
    in_flight: VecDeque<wgpu::SubmissionIndex>,
    reports: Reports,
}

impl Stream {
    /// An empty stream that submits at most `largest_batch` kernels at a time.
    pub(crate) fn new(driver: &Driver, largest_batch: usize) -> Result<Self> {
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC;
        // The last slot is bound with as much room as any other.
        let bytes = 4 * (ARENA_WORDS + PARAMS) as u64;
        Ok(Self {
            pass: None,
            encoder: None,
            arena: driver.buffer("wgpu", bytes, usage, false)?,
            words: Vec::new(),
            alignment: (driver.limits.min_uniform_buffer_offset_alignment as usize / 4).max(1),
            dispatches: 0,
            staged: 0,
            batch: FIRST_BATCH,
            largest_batch,
            in_flight: VecDeque::new(),
            reports: Reports::new(driver)?,
        })
    }

    /// Appends one run of a kernel over `grid` workgroups, which reports at an offset of [`take_report`](Self::take_report) if
    /// at all.
    pub(crate) fn dispatch(
        &mut self,
        driver: &Driver,
        kernel: &Kernel,
        params: &[u32],
        buffers: &[wgpu::BindingResource<'_>],
        report: Option<u32>,
        grid: [u32; 2],
    ) -> Result<()> {
        if params.len() > PARAMS {
            return Err(Error::internal("wgpu", format!("{} parameters for one kernel", params.len())));
        }
        let slot = self.slot(driver, params)?;
        let params = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &self.arena,
            offset: slot,
            size: std::num::NonZeroU64::new(4 * PARAMS as u64),
        });
        let resources = std::iter::once(params).chain(buffers.iter().cloned());
        let entries: Vec<wgpu::BindGroupEntry<'_>> = (0..)
            .zip(resources)
            .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource })
            .collect();
        let descriptor = wgpu::BindGroupDescriptor { label: None, layout: &kernel.layout, entries: &entries };
        let group = driver.device.create_bind_group(&descriptor);
        let reports = self.reports.group().clone();
        let pass = self.pass(driver);
        pass.set_pipeline(&kernel.pipeline);
        pass.set_bind_group(0, &group, &[]);
        if let Some(offset) = report {
            pass.set_bind_group(1, &reports, &[offset]);
        }
        pass.dispatch_workgroups(grid[0], grid[1], 1);
        self.dispatches += 1;
        if self.dispatches >= self.batch { self.submit(driver).map(drop) } else { Ok(()) }
    }

    /// Appends a copy of `size` bytes between buffers; offsets and size are multiples of 4.
    pub(crate) fn copy(
        &mut self,
        driver: &Driver,
        from: (&wgpu::Buffer, u64),
        to: (&wgpu::Buffer, u64),
        size: u64,
    ) {
        self.commands(driver).copy_buffer_to_buffer(from.0, from.1, to.0, to.1, size);
    }

    /// Appends a copy of few words into a buffer. There must be at least one, and no more than [`Self::MAX_WORDS`].
    pub(crate) fn write(&mut self, driver: &Driver, words: &[u32], to: &wgpu::Buffer) -> Result<()> {
        let slot = self.slot(driver, words)?;
        self.pass = None;
        let arena = self.arena.clone();
        self.copy(driver, (&arena, slot), (to, 0), 4 * words.len() as u64);
        Ok(())
    }

    /// As many words as [`write`](Self::write) takes.
    pub(crate) const MAX_WORDS: usize = 1024;

    /// Appends a copy of a buffer that was filled outside into a tensor's.
    pub(crate) fn stage(
        &mut self,
        driver: &Driver,
        from: &wgpu::Buffer,
        to: (&wgpu::Buffer, u64),
    ) -> Result<()> {
        self.copy(driver, (from, 0), to, from.size());
        self.staged += from.size();
        if self.staged >= STAGED { self.submit(driver).map(drop) } else { Ok(()) }
    }

    /// What kernels report.
    pub(crate) fn reports(&self) -> &Reports {
        &self.reports
    }

    /// Where the next kernel of `op` reports, and the doubt of what it writes. Looks at earlier reports if there is no other room.
    pub(crate) fn take_report(&mut self, driver: &Driver, op: &'static str) -> Result<(u32, Doubt)> {
        if let Some(taken) = self.reports.take(op) {
            return Ok(taken);
        }
        if !self.reports.is_settled() {
            let staging = readable(driver, self.reports.buffer().size())?;
            let look = self.look(driver, &staging, 0);
            let submission = self.submit_last(driver)?;
            look.learn(&mapped(driver, &staging, submission)?);
        }
        let buffer = self.reports.buffer().clone();
        self.commands(driver).clear_buffer(&buffer, 0, None);
        self.reports.turn();
        self.reports.take(op).ok_or_else(|| Error::internal(op, "a new batch of reports has no room"))
    }

    /// Appends a copy of all reports to `to`, at `offset`.
    pub(crate) fn look(&mut self, driver: &Driver, to: &wgpu::Buffer, offset: u64) -> Look {
        let buffer = self.reports.buffer().clone();
        self.copy(driver, (&buffer, 0), (to, offset), buffer.size());
        self.reports.look()
    }

    /// Hands everything recorded to the device. `None` if there was nothing.
    pub(crate) fn submit(&mut self, driver: &Driver) -> Result<Option<wgpu::SubmissionIndex>> {
        self.pass = None;
        (self.dispatches, self.staged) = (0, 0);
        let Some(encoder) = self.encoder.take() else {
            return driver.check().map(|()| None);
        };
        if !self.words.is_empty() {
            driver.queue.write_buffer(&self.arena, 0, bytemuck::cast_slice(&self.words));
            self.words.clear();
        }
        let submission = driver.queue.submit([encoder.finish()]);
        self.batch = (2 * self.batch).min(self.largest_batch);
        self.in_flight.push_back(submission.clone());
        if self.in_flight.len() > IN_FLIGHT {
            driver.wait(self.in_flight.pop_front())?;
        }
        driver.check()?;
        Ok(Some(submission))
    }

    /// Hands everything recorded to the device, in the knowledge that the caller will wait for it.
    pub(crate) fn submit_last(&mut self, driver: &Driver) -> Result<Option<wgpu::SubmissionIndex>> {
        let submission = self.submit(driver)?;
        self.in_flight.clear();
        self.batch = FIRST_BATCH.min(self.largest_batch);
        Ok(submission)
    }

    /// Puts words into the arena and tells where, in bytes. If it is full, what was recorded is submitted first.
    fn slot(&mut self, driver: &Driver, words: &[u32]) -> Result<u64> {
        if self.words.len() + words.len() > ARENA_WORDS {
            self.submit(driver)?;
        }
        let at = self.words.len();
        self.words.extend_from_slice(words);
        self.words.resize(self.words.len().next_multiple_of(self.alignment), 0);
        Ok(4 * at as u64)
    }

    fn commands(&mut self, driver: &Driver) -> &mut wgpu::CommandEncoder {
        self.pass = None;
        self.encoder.get_or_insert_with(|| driver.device.create_command_encoder(&Default::default()))
    }

    /// One pass for as many kernels as possible: a pass each would double what wgpu costs.
    fn pass(&mut self, driver: &Driver) -> &mut wgpu::ComputePass<'static> {
        let encoder =
            self.encoder.get_or_insert_with(|| driver.device.create_command_encoder(&Default::default()));
        self.pass.get_or_insert_with(|| encoder.begin_compute_pass(&Default::default()).forget_lifetime())
    }
}
