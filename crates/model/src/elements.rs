//! Arrays of the host as bytes of a file, and back.

use tensorkeep_format::Code;
use tensorkeep_tensor::{DType, HostData, Result, Shape};

use crate::refusal::Refusal;

// Files are little-endian, and what lies in memory is written as it is.
#[cfg(target_endian = "big")]
compile_error!("model files are little-endian, and this crate does not swap bytes");

/// The bytes of an array.
pub(crate) fn bytes(data: &HostData) -> &[u8] {
    match data {
        HostData::F32(data) => bytemuck::cast_slice(data),
        HostData::F64(data) => bytemuck::cast_slice(data),
        HostData::F16(data) => bytemuck::cast_slice(data),
        HostData::BF16(data) => bytemuck::cast_slice(data),
        HostData::I64(data) => bytemuck::cast_slice(data),
        HostData::I32(data) => bytemuck::cast_slice(data),
        HostData::U8(data) => data,
        HostData::Bool(data) => bytemuck::cast_slice(data),
    }
}

/// The dtype as files name it.
pub(crate) fn to_file(dtype: DType) -> tensorkeep_format::DType {
    match dtype {
        DType::F32 => tensorkeep_format::DType::F32,
        DType::F64 => tensorkeep_format::DType::F64,
        DType::F16 => tensorkeep_format::DType::F16,
        DType::BF16 => tensorkeep_format::DType::BF16,
        DType::I64 => tensorkeep_format::DType::I64,
        DType::I32 => tensorkeep_format::DType::I32,
        DType::U8 => tensorkeep_format::DType::U8,
        DType::Bool => tensorkeep_format::DType::Bool,
    }
}

/// The dtype that a file names, if tensors have it.
pub(crate) fn of_file(dtype: tensorkeep_format::DType) -> Result<DType, Refusal> {
    DType::ALL.into_iter().find(|&each| to_file(each) == dtype).ok_or_else(|| {
        Refusal::new(
            Code::DType,
            format!("tensors of {dtype} are for other programs: convert the file first"),
        )
    })
}

/// The shape as files have it.
pub(crate) fn shape_to_file(shape: &Shape) -> Result<tensorkeep_format::Shape, Refusal> {
    let dims: Vec<u64> = shape.sizes().iter().map(|&size| size as u64).collect();
    Ok(tensorkeep_format::Shape::new(&dims)?)
}

/// The shape that a file states.
pub(crate) fn shape_of_file(shape: &tensorkeep_format::Shape) -> Result<Shape, Refusal> {
    let large = |_| Refusal::new(Code::Overflow, format!("the shape {shape} is too large for this machine"));
    let sizes: Vec<usize> =
        shape.dims().iter().map(|&size| usize::try_from(size)).collect::<Result<_, _>>().map_err(large)?;
    Ok(Shape::new(&sizes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_dtypes_agree() {
        for dtype in DType::ALL {
            assert_eq!(to_file(dtype).name(), dtype.name());
            assert_eq!(of_file(to_file(dtype)).unwrap(), dtype);
        }
    }
}
