//! Arrays in host memory: what goes into a device and comes out of it.

use crate::dtype::{DType, bf16, f16};
use crate::op::Spec;
use crate::{Error, ErrorKind, Result, Scalar, Shape, ToShape};

/// A Rust type that is the element of a tensor.
pub trait Element: Copy + Into<Scalar> + Send + Sync + 'static {
    /// The dtype it stands for.
    const DTYPE: DType;

    /// Wraps a vector of such elements.
    fn wrap(data: Vec<Self>) -> HostData;

    /// The elements, if `data` is of this type.
    fn unwrap(data: &HostData) -> Option<&[Self]>;

    /// [`unwrap`](Self::unwrap) without a copy, where the data are no longer needed.
    fn into_vec(data: HostData) -> Option<Vec<Self>>;
}

macro_rules! host_data {
    ($($(#[$doc:meta])* $variant:ident: $element:ty;)*) => {
        /// The elements of a [`HostArray`], by dtype.
        #[derive(Clone, Debug, PartialEq)]
        pub enum HostData {
            $($(#[$doc])* $variant(Vec<$element>),)*
        }

        $(impl Element for $element {
            const DTYPE: DType = DType::$variant;

            fn wrap(data: Vec<Self>) -> HostData {
                HostData::$variant(data)
            }

            fn unwrap(data: &HostData) -> Option<&[Self]> {
                match data {
                    HostData::$variant(data) => Some(data),
                    _ => None,
                }
            }

            fn into_vec(data: HostData) -> Option<Vec<Self>> {
                match data {
                    HostData::$variant(data) => Some(data),
                    _ => None,
                }
            }
        })*

        impl HostData {
            /// The dtype of the elements.
            pub fn dtype(&self) -> DType {
                match self {
                    $(Self::$variant(_) => DType::$variant,)*
                }
            }

            /// The number of elements.
            pub fn len(&self) -> usize {
                match self {
                    $(Self::$variant(data) => data.len(),)*
                }
            }

            /// The element at `i`, if there is one.
            pub fn get(&self, i: usize) -> Option<Scalar> {
                match self {
                    $(Self::$variant(data) => data.get(i).map(|&x| x.into()),)*
                }
            }
        }
    };
}

host_data! {
    /// `f32` elements.
    F32: f32;
    /// `f64` elements.
    F64: f64;
    /// `f16` elements.
    F16: f16;
    /// `bf16` elements.
    BF16: bf16;
    /// `i64` elements.
    I64: i64;
    /// `i32` elements.
    I32: i32;
    /// `u8` elements.
    U8: u8;
    /// `bool` elements.
    Bool: bool;
}

impl HostData {
    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `values`, each cast to `dtype` as [`Scalar::cast`] says.
    pub fn cast(dtype: DType, mut values: impl Iterator<Item = Scalar>) -> Self {
        Self::cast_all(dtype, &mut values)
    }

    // Compiled once for each dtype, not for each dtype and each source of values.
    fn cast_all(dtype: DType, values: &mut dyn Iterator<Item = Scalar>) -> Self {
        match dtype {
            DType::F32 => Self::F32(values.map(Scalar::as_f32).collect()),
            DType::F64 => Self::F64(values.map(Scalar::as_f64).collect()),
            DType::F16 => Self::F16(values.map(|x| f16::from_f32(x.as_f32())).collect()),
            DType::BF16 => Self::BF16(values.map(|x| bf16::from_f32(x.as_f32())).collect()),
            DType::I64 => Self::I64(values.map(Scalar::as_i64).collect()),
            DType::I32 => Self::I32(values.map(|x| x.cast(dtype).as_i64() as i32).collect()),
            DType::U8 => Self::U8(values.map(|x| x.cast(dtype).as_i64() as u8).collect()),
            DType::Bool => Self::Bool(values.map(Scalar::as_bool).collect()),
        }
    }

    /// The elements as scalars.
    pub fn iter(&self) -> impl Iterator<Item = Scalar> {
        (0..self.len()).filter_map(|i| self.get(i))
    }
}

/// An array in host memory, in row-major order.
///
/// # Invariant
///
/// There are as many elements as the shape says.
#[derive(Clone, Debug, PartialEq)]
pub struct HostArray {
    shape: Shape,
    data: HostData,
}

impl HostArray {
    /// An array of these elements in row-major order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if their number is not that of the shape.
    #[track_caller]
    pub fn new(data: HostData, shape: impl ToShape) -> Result<Self> {
        let shape = shape.to_shape()?;
        if shape.elements() != data.len() {
            let rule = format!("{} elements do not fill the shape", data.len());
            return Err(Error::shape("tensor", rule, &[shape]).advise("pass as many as it has places"));
        }
        Ok(Self { shape, data })
    }

    /// An array of one number, repeated in no memory: rank 0.
    pub fn scalar(value: Scalar, dtype: DType) -> Self {
        Self { shape: Shape::SCALAR, data: HostData::cast(dtype, std::iter::once(value)) }
    }

    /// The array whose bytes `write` writes, where they will stay.
    pub(crate) fn filled(spec: &Spec, write: &mut dyn FnMut(&mut [u8]) -> Result<()>) -> Result<Self> {
        let count = spec.shape.elements();
        let data = match spec.dtype {
            DType::F32 => f32::wrap(written(count, write)?),
            DType::F64 => f64::wrap(written(count, write)?),
            DType::F16 => f16::wrap(written(count, write)?),
            DType::BF16 => bf16::wrap(written(count, write)?),
            DType::I64 => i64::wrap(written(count, write)?),
            DType::I32 => i32::wrap(written(count, write)?),
            DType::U8 => u8::wrap(written(count, write)?),
            DType::Bool => {
                HostData::Bool(written::<u8>(count, write)?.into_iter().map(|byte| byte != 0).collect())
            }
        };
        Self::new(data, spec.shape)
    }

    /// The shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The dtype of the elements.
    pub fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// The elements in row-major order.
    pub fn data(&self) -> &HostData {
        &self.data
    }

    /// Takes the array apart.
    pub fn into_parts(self) -> (Shape, HostData) {
        (self.shape, self.data)
    }
}

fn written<T: bytemuck::Pod>(count: usize, write: &mut dyn FnMut(&mut [u8]) -> Result<()>) -> Result<Vec<T>> {
    let mut data = bytemuck::allocation::try_zeroed_vec(count).map_err(|()| {
        let message = format!("the host has no room for {count} elements: use a smaller tensor");
        Error::new(ErrorKind::OutOfMemory, "tensor", message)
    })?;
    write(bytemuck::cast_slice_mut(&mut data))?;
    Ok(data)
}

/// Nested Rust arrays and vectors, as a literal is written: `[[1.0, 2.0], [3.0, 4.0]]`.
///
/// ```
/// use tensorkeep_tensor::ToHostArray;
///
/// assert_eq!(*[[1.0f32, 2.0], [3.0, 4.0]].to_host_array()?.shape(), [2, 2]);
/// assert!(vec![vec![1, 2], vec![3]].to_host_array().is_err()); // ragged
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
pub trait ToHostArray {
    /// The array it writes down.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if rows differ in length,
    /// [`ErrorKind::Limit`](crate::ErrorKind::Limit) if it nests too deep.
    fn to_host_array(&self) -> Result<HostArray>;
}

/// What nested arrays are made of: elements, or arrays of such.
pub trait Nested {
    /// The innermost type.
    type Element: Element;

    /// Appends the size of each axis, outermost first.
    fn sizes(&self, sizes: &mut Vec<usize>);

    /// Appends the elements, and checks that every row has the sizes told.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if a row has another length.
    fn flatten(&self, sizes: &[usize], out: &mut Vec<Self::Element>) -> Result<()>;
}

impl<T: Element> Nested for T {
    type Element = T;

    fn sizes(&self, _: &mut Vec<usize>) {}

    fn flatten(&self, _: &[usize], out: &mut Vec<T>) -> Result<()> {
        out.push(*self);
        Ok(())
    }
}

impl<T: Nested> Nested for [T] {
    type Element = T::Element;

    fn sizes(&self, sizes: &mut Vec<usize>) {
        sizes.push(self.len());
        if let Some(first) = self.first() {
            first.sizes(sizes);
        }
    }

    #[track_caller]
    fn flatten(&self, sizes: &[usize], out: &mut Vec<T::Element>) -> Result<()> {
        let (&len, inner) = sizes.split_first().unwrap_or((&0, &[]));
        if self.len() != len {
            let message = format!("a row of {} elements among rows of {len}: make them equal", self.len());
            return Err(Error::new(crate::ErrorKind::Shape, "tensor", message));
        }
        for row in self {
            row.flatten(inner, out)?;
        }
        Ok(())
    }
}

macro_rules! nested_as_slice {
    ($([$($generics:tt)*] $container:ty;)*) => {$(
        impl<$($generics)*> Nested for $container {
            type Element = T::Element;

            fn sizes(&self, sizes: &mut Vec<usize>) {
                self[..].sizes(sizes);
            }

            #[track_caller]
            fn flatten(&self, sizes: &[usize], out: &mut Vec<T::Element>) -> Result<()> {
                self[..].flatten(sizes, out)
            }
        }
    )*};
}

nested_as_slice! {
    [T: Nested, const N: usize] [T; N];
    [T: Nested] Vec<T>;
    [T: Nested] &[T];
}

impl<A: Nested + ?Sized> ToHostArray for A {
    #[track_caller]
    fn to_host_array(&self) -> Result<HostArray> {
        let mut sizes = Vec::new();
        self.sizes(&mut sizes);
        let mut data = Vec::new();
        self.flatten(&sizes, &mut data)?;
        HostArray::new(A::Element::wrap(data), sizes)
    }
}
