//! One run of a kernel.

use smallvec::SmallVec;
use tensorkeep_tensor::{Error, ErrorKind, Result, Tensor};

use super::Source;
use super::cache::Signature;
use crate::backend::Gpu;
use crate::doubt::Doubt;
use crate::storage::Storage;

/// One run of a kernel.
///
/// In the shader, group 0 has the parameters at binding 0, then the tensors read, then the tensors written.
#[derive(Debug)]
pub(crate) struct Launch<'a> {
    /// The operation, as errors name it.
    pub(crate) op: &'static str,
    /// Which kernel.
    pub(crate) source: Source,
    /// Its parameters: at least one word.
    pub(crate) params: &'a [u32],
    /// What it reads.
    pub(crate) reads: &'a [&'a Tensor],
    /// What it writes, all of it: fresh tensors of [`Context::alloc`](crate::context::Context::alloc).
    pub(crate) writes: &'a [Tensor],
    /// How many workgroups, any number from 1. The shader numbers them with `group_number`, which may exceed this.
    pub(crate) groups: u64,
}

impl Launch<'_> {
    /// Records the run.
    #[track_caller]
    pub(crate) fn run(&self, gpu: &Gpu) -> Result<()> {
        let signature = Signature { reads: self.reads.len(), writes: self.writes.len() };
        self.check_bindings(gpu, signature)?;
        let grid = grid(self.op, self.groups, gpu.driver.limits.max_compute_workgroups_per_dimension)?;
        let kernel = gpu.kernels.get(&gpu.driver, self.op, &self.source, signature)?;
        let bindings = self.reads.iter().copied().chain(self.writes).map(|x| Ok(Storage::of(x)?.binding()));
        let bindings: SmallVec<[wgpu::BindingResource<'_>; 8]> = bindings.collect::<Result<_>>()?;
        let mut stream = gpu.stream();
        let slot = if self.source.reports() { Some(stream.take_report(&gpu.driver, self.op)?) } else { None };
        self.hand_on_doubt(slot.as_ref().map(|(_, doubt)| doubt))?;
        stream.dispatch(&gpu.driver, &kernel, self.params, &bindings, slot.map(|(offset, _)| offset), grid)
    }

    /// Lets what is written depend on what is read and on the run itself. Fails if something read turned out wrong.
    fn hand_on_doubt(&self, own: Option<&Doubt>) -> Result<()> {
        let mut doubt = own.cloned().unwrap_or_default();
        for x in self.reads {
            doubt.join(&Storage::of(x)?.doubt())?;
        }
        self.writes.iter().try_for_each(|y| Storage::of(y)?.doubt().join(&doubt))
    }

    /// Refuses more tensors than the adapter binds at a time.
    #[track_caller]
    fn check_bindings(&self, gpu: &Gpu, signature: Signature) -> Result<()> {
        let reports = usize::from(self.source.reports());
        let needed = signature.reads + signature.writes + reports;
        let most = gpu.driver.limits.max_storage_buffers_per_shader_stage as usize;
        if needed <= most {
            return Ok(());
        }
        let message = format!(
            "{} operands and {} results, {} binds {most} buffers at a time: split the expression",
            signature.reads, signature.writes, gpu.name
        );
        Err(Error::new(ErrorKind::Limit, self.op, message))
    }
}

/// A number of workgroups folded into two axes of at most `most`; the product may be larger.
#[track_caller]
fn grid(op: &'static str, groups: u64, most: u32) -> Result<[u32; 2]> {
    let rows = groups.div_ceil(u64::from(most)).max(1);
    let columns = groups.div_ceil(rows).max(1);
    match (u32::try_from(columns), u32::try_from(rows)) {
        (Ok(columns), Ok(rows)) if rows <= most => Ok([columns, rows]),
        _ => {
            let message =
                format!("{groups} workgroups are more than the adapter runs at a time: use smaller pieces");
            Err(Error::new(ErrorKind::Limit, op, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_cover_what_is_asked() {
        for (groups, most) in
            [(1, 65_535), (65_535, 65_535), (65_536, 65_535), (7, 3), (9, 3), (1 << 31, 65_535)]
        {
            let [x, y] = grid("test", groups, most).unwrap();
            assert!(x <= most && y <= most && u64::from(x) * u64::from(y) >= groups, "{groups}: {x} by {y}");
        }
        assert_eq!(grid("test", 10, 3).unwrap_err().kind(), ErrorKind::Limit);
    }
}
