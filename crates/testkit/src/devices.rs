//! The devices that tests run on.

use std::sync::OnceLock;

use tensorkeep_tensor::{DType, Device, Error, Result};

use crate::Arithmetic;

/// A device under test.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The device.
    pub device: Device,
    /// How exactly it promises to compute.
    pub arithmetic: Arithmetic,
}

impl Subject {
    /// The dtypes that it claims.
    pub fn dtypes(&self) -> impl Iterator<Item = DType> + use<> {
        self.device.limits().dtypes.iter()
    }

    /// The float dtypes that it claims.
    pub fn floats(&self) -> impl Iterator<Item = DType> + use<> {
        self.dtypes().filter(|dtype| dtype.is_float())
    }

    /// The dtypes that it claims and that can be summed.
    pub fn numbers(&self) -> impl Iterator<Item = DType> + use<> {
        self.dtypes().filter(|&dtype| dtype != DType::Bool)
    }

    /// Whether it claims `dtype`.
    pub fn has(&self, dtype: DType) -> bool {
        self.device.limits().dtypes.contains(dtype)
    }

    /// A device like this one that shares nothing with it. A graphics adapter finds an index out of range late, and tells
    /// whoever reads next: operations that are meant to fail run apart.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn apart(&self) -> Result<Self> {
        if !self.arithmetic.shader {
            return Ok(self.clone());
        }
        let device = tensorkeep_wgpu::with_options(0, tensorkeep_wgpu::Options::default())?;
        Ok(Self { device, ..self.clone() })
    }

    /// The device with fused operations replaced by their definitions.
    #[must_use]
    pub fn strict(&self) -> Self {
        Self { device: self.device.strict(), arithmetic: Arithmetic { stepwise: true, ..self.arithmetic } }
    }
}

/// Every device that this machine has: the CPU, and the first graphics adapter. Where there is no adapter, says so once. The
/// CPU alone if `TENSORKEEP_CPU_ISA` limits its instructions.
///
/// # Errors
///
/// If there is no adapter though the variable `TENSORKEEP_REQUIRE_WGPU` is `1`.
pub fn devices() -> Result<Vec<Subject>> {
    static FOUND: OnceLock<Result<Vec<Subject>>> = OnceLock::new();
    FOUND.get_or_init(find).clone()
}

fn find() -> Result<Vec<Subject>> {
    let limit = std::env::var_os("TENSORKEEP_CPU_ISA");
    if let Some(limit) = &limit {
        tensorkeep_cpu::limit_instructions(&limit.to_string_lossy())?;
    }
    let cpu = Subject { device: tensorkeep_cpu::device(), arithmetic: Arithmetic::default() };
    if limit.is_some() {
        // A limit to the CPU's instructions changes nothing elsewhere.
        return Ok(vec![cpu]);
    }
    let required = std::env::var_os("TENSORKEEP_REQUIRE_WGPU").is_some_and(|value| value == "1");
    match tensorkeep_wgpu::device(0) {
        Ok(device) => {
            let arithmetic = Arithmetic { shader: true, ..Arithmetic::default() };
            Ok(vec![cpu, Subject { device, arithmetic }])
        }
        Err(error) if required => Err(error),
        Err(error) => {
            skip(&error);
            Ok(vec![cpu])
        }
    }
}

#[expect(clippy::print_stderr, reason = "a test that runs on fewer devices has to say so")]
fn skip(error: &Error) {
    eprintln!("skipped: wgpu (no graphics adapter: {})", error.message());
}
