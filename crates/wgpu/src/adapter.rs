//! What the system offers.

use std::fmt;
use std::sync::OnceLock;

use tensorkeep_tensor::{DType, DTypes, Error, ErrorKind, Limits, Result};

use crate::wait::block_on;

/// What kind of machine an adapter is. In order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdapterKind {
    /// A graphics card with memory of its own.
    Discrete,
    /// A graphics processor that shares the memory of the CPU.
    Integrated,
    /// A share of a graphics processor that a host lends to a guest.
    Virtual,
    /// Something else.
    Other,
    /// A driver that computes on the CPU.
    Software,
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Other => "other",
            Self::Software => "software",
        })
    }
}

/// What is known of an adapter before it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterInfo {
    /// Its name on the market.
    pub name: String,
    /// The driver and its version.
    pub driver: String,
    /// The interface it is reached by: Vulkan, Metal or DX12.
    pub api: String,
    /// What kind of machine it is.
    pub kind: AdapterKind,
    /// What a device on it can hold.
    pub limits: Limits,
}

/// The adapters of this system, the most able first: `wgpu:0`, `wgpu:1`, … Empty if there is none.
pub fn adapters() -> Vec<AdapterInfo> {
    all().iter().map(info).collect()
}

/// An adapter that can be opened.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] if there is none at all, [`ErrorKind::Value`] if there are fewer.
pub(crate) fn adapter(index: usize) -> Result<&'static wgpu::Adapter> {
    let all = all();
    all.get(index).ok_or_else(|| match all.len() {
        0 => Error::new(
            ErrorKind::Unsupported,
            "wgpu",
            "no graphics adapter was found: install a Vulkan driver (on Debian mesa-vulkan-drivers brings a software one), \
             or use the device cpu",
        ),
        count => Error::value("wgpu", format!("no adapter {index} among {count}: use wgpu:0 to wgpu:{}", count - 1)),
    })
}

/// What is known of an adapter.
pub(crate) fn info(adapter: &wgpu::Adapter) -> AdapterInfo {
    let info = adapter.get_info();
    AdapterInfo {
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        api: info.backend.to_string(),
        kind: kind(info.device_type),
        limits: limits(adapter),
        name: info.name,
    }
}

/// Found once, since asking takes from 30 to 400 ms.
fn all() -> &'static [wgpu::Adapter] {
    static ADAPTERS: OnceLock<Vec<wgpu::Adapter>> = OnceLock::new();
    ADAPTERS.get_or_init(|| {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        // None of the checks that a debugger adds: wgpu's own stay on whatever is asked for here.
        descriptor.flags = wgpu::InstanceFlags::empty();
        let instance = wgpu::Instance::new(descriptor);
        let mut adapters = block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY)).unwrap_or_default();
        adapters.retain(|adapter| {
            let flags = adapter.get_downlevel_capabilities().flags;
            flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS)
        });
        adapters.sort_by_key(|adapter| kind(adapter.get_info().device_type));
        adapters
    })
}

fn kind(device_type: wgpu::DeviceType) -> AdapterKind {
    match device_type {
        wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
        wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
        wgpu::DeviceType::Other => AdapterKind::Other,
        wgpu::DeviceType::Cpu => AdapterKind::Software,
    }
}

/// Element positions are computed in 32 bits with a sign.
const MAX_BUFFER: u64 = (1 << 31) - 4;

/// Software drivers hand out memory that is not there, so the budget has to be ours.
const SOFTWARE_MEMORY: u64 = 2 << 30;

fn limits(adapter: &wgpu::Adapter) -> Limits {
    let limits = adapter.limits();
    let mut dtypes = vec![DType::F32, DType::I32, DType::U8, DType::Bool];
    if adapter.features().contains(wgpu::Features::SHADER_F16) {
        dtypes.push(DType::F16);
    }
    let software = kind(adapter.get_info().device_type) == AdapterKind::Software;
    Limits {
        dtypes: DTypes::of(&dtypes),
        buffer_bytes: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(MAX_BUFFER) & !3,
        // The driver of a graphics card says itself when it is full; wgpu does not tell how much it has.
        memory_bytes: if software { SOFTWARE_MEMORY } else { u64::MAX },
    }
}
