//! Sorting.

use tensorkeep_tensor::op::{Op, Sort};
use tensorkeep_tensor::{HostArray, HostData};
use tensorkeep_testkit::values::{awkward, listed, ordinary};

use crate::{on_every_device, reshaped};

#[test]
fn every_axis_both_ways() {
    let shapes: [&[usize]; 9] =
        [&[1], &[2], &[17], &[3, 4, 5], &[5, 1, 2], &[2, 65], &[65, 3], &[0, 3], &[3, 130]];
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            for shape in shapes {
                let x = ordinary(shape, dtype, 1).unwrap();
                for axis in 0..shape.len() {
                    for descending in [false, true] {
                        findings.check(
                            subject,
                            &Op::Sort(Sort { axis, descending }),
                            std::slice::from_ref(&x),
                        );
                    }
                }
            }
        }
    });
}

/// Infinities, NaN and zeros of both signs, each several times: equal elements keep their order.
#[test]
fn awkward_numbers() {
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            let points = awkward(dtype);
            let thrice: Vec<_> = [&points[..], &points, &points].concat();
            let n = points.len();
            let x = reshaped(listed(&thrice, dtype).unwrap(), &[3, n]);
            let flat = listed(&thrice, dtype).unwrap();
            for descending in [false, true] {
                findings.check(subject, &Op::Sort(Sort { axis: 1, descending }), std::slice::from_ref(&x));
                findings.check(subject, &Op::Sort(Sort { axis: 0, descending }), std::slice::from_ref(&flat));
            }
        }
    });
}

/// Too long for the reference, which sorts once an element: neighbours are in order and indices point back.
#[test]
fn long_axes() {
    on_every_device(|subject, findings| {
        for dtype in subject.numbers() {
            for n in [1000, 4097, 20_000] {
                let x = ordinary([n], dtype, 1).unwrap();
                let on_device = tensorkeep_tensor::Tensor::from_host(x.clone(), &subject.device);
                let outcome = on_device.and_then(|tensor| {
                    let (values, order) = tensor.sort(0, false)?;
                    let (values, order) = (values.to_host()?, order.to_vec::<i32>()?);
                    let mut want: Vec<usize> = (0..n).collect();
                    let number = |i: usize| x.data().get(i).map_or(0.0, |x| x.as_f64());
                    want.sort_by(|&i, &j| number(i).total_cmp(&number(j)));
                    let sorted = HostData::cast(dtype, want.iter().filter_map(|&i| x.data().get(i)));
                    let same = values == HostArray::new(sorted, [n])?
                        && order.iter().map(|&i| i as usize).eq(want.iter().copied());
                    let wrong =
                        || tensorkeep_tensor::Error::value("sort", format!("{dtype} of {n} is out of order"));
                    if same { Ok(()) } else { Err(wrong()) }
                });
                findings.note(subject, "long sort", outcome);
            }
        }
    });
}
