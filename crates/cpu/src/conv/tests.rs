//! The three convolutions against the definition, on whole numbers, where every order of summation gives the same.

use tensorkeep_tensor::op::{Conv, ConvInputGrad, ConvWeightGrad, Op, Window};
use tensorkeep_tensor::{DType, Device, HostArray, HostData, Scalar, Tensor};

use crate::{Options, device, with_options};

/// A convolution: images, groups, channels and outputs of a group, and for each axis the sizes of input and kernel, stride,
/// dilation and padding.
struct Case {
    images: usize,
    groups: usize,
    channels: usize,
    outputs: usize,
    axes: &'static [Axis],
}

type Axis = (usize, usize, usize, usize, (usize, usize));

const CASES: &[Case] = &[
    // One to three axes.
    Case { images: 2, groups: 1, channels: 3, outputs: 4, axes: &[(9, 3, 1, 1, (0, 0))] },
    Case {
        images: 2,
        groups: 1,
        channels: 3,
        outputs: 4,
        axes: &[(7, 3, 1, 1, (1, 1)), (6, 2, 1, 1, (0, 0))],
    },
    Case {
        images: 1,
        groups: 1,
        channels: 2,
        outputs: 3,
        axes: &[(4, 2, 1, 1, (1, 0)), (5, 3, 2, 1, (1, 1)), (6, 3, 1, 2, (2, 1))],
    },
    // Stride, dilation, asymmetric padding, together.
    Case {
        images: 3,
        groups: 1,
        channels: 2,
        outputs: 5,
        axes: &[(11, 3, 2, 3, (4, 1)), (8, 4, 3, 2, (0, 5))],
    },
    Case { images: 1, groups: 1, channels: 1, outputs: 1, axes: &[(10, 1, 3, 1, (0, 0))] },
    // A stride beyond the kernel, so that some inputs are never seen, and a last one that no window reaches.
    Case {
        images: 2,
        groups: 1,
        channels: 2,
        outputs: 2,
        axes: &[(12, 2, 5, 1, (0, 0)), (7, 2, 2, 1, (0, 0))],
    },
    // Groups, with several channels and outputs each.
    Case {
        images: 2,
        groups: 3,
        channels: 2,
        outputs: 4,
        axes: &[(6, 3, 1, 1, (1, 1)), (5, 3, 2, 1, (1, 1))],
    },
    // A kernel larger than the input.
    Case {
        images: 2,
        groups: 1,
        channels: 2,
        outputs: 3,
        axes: &[(2, 5, 1, 1, (2, 2)), (3, 4, 1, 1, (1, 1))],
    },
    // Places of the kernel that see nothing but padding.
    Case {
        images: 1,
        groups: 1,
        channels: 1,
        outputs: 2,
        axes: &[(1, 3, 1, 1, (3, 3)), (2, 2, 1, 4, (4, 4))],
    },
    // One element: the input itself, spread, surrounded.
    Case {
        images: 2,
        groups: 1,
        channels: 5,
        outputs: 3,
        axes: &[(4, 1, 1, 1, (0, 0)), (5, 1, 1, 1, (0, 0))],
    },
    Case {
        images: 2,
        groups: 2,
        channels: 5,
        outputs: 3,
        axes: &[(4, 1, 1, 1, (0, 0)), (5, 1, 1, 1, (0, 0))],
    },
    Case {
        images: 2,
        groups: 1,
        channels: 2,
        outputs: 3,
        axes: &[(4, 1, 2, 1, (0, 0)), (5, 1, 1, 1, (0, 2))],
    },
    // Depthwise, with one output for a channel and with several.
    Case {
        images: 2,
        groups: 4,
        channels: 1,
        outputs: 1,
        axes: &[(9, 3, 1, 1, (1, 1)), (20, 3, 1, 1, (1, 1))],
    },
    Case {
        images: 3,
        groups: 3,
        channels: 1,
        outputs: 2,
        axes: &[(9, 3, 2, 2, (0, 3)), (25, 4, 2, 1, (2, 1))],
    },
    // Strides and dilations with a common factor.
    Case {
        images: 2,
        groups: 1,
        channels: 3,
        outputs: 7,
        axes: &[(13, 3, 4, 2, (1, 3)), (12, 4, 2, 2, (3, 3))],
    },
    Case {
        images: 1,
        groups: 1,
        channels: 2,
        outputs: 2,
        axes: &[(19, 3, 6, 4, (2, 5)), (9, 3, 3, 3, (2, 2))],
    },
    // Rows of windows shorter than a tile, as long as one, longer than several.
    Case {
        images: 1,
        groups: 1,
        channels: 3,
        outputs: 17,
        axes: &[(5, 3, 1, 1, (1, 1)), (8, 3, 1, 1, (1, 1))],
    },
    Case {
        images: 1,
        groups: 1,
        channels: 3,
        outputs: 17,
        axes: &[(3, 3, 1, 1, (1, 1)), (16, 3, 1, 1, (1, 1))],
    },
    Case {
        images: 1,
        groups: 1,
        channels: 3,
        outputs: 17,
        axes: &[(3, 3, 1, 1, (1, 1)), (73, 3, 1, 1, (1, 1))],
    },
    Case {
        images: 1,
        groups: 1,
        channels: 30,
        outputs: 3,
        axes: &[(3, 1, 1, 1, (0, 0)), (90, 9, 1, 1, (0, 0))],
    },
    // Axes of which one is trivial.
    Case {
        images: 2,
        groups: 1,
        channels: 3,
        outputs: 2,
        axes: &[(40, 5, 1, 1, (2, 2)), (1, 1, 1, 1, (0, 0))],
    },
    // Much padding, and a kernel of which the input is seen at few places.
    Case {
        images: 1,
        groups: 1,
        channels: 2,
        outputs: 3,
        axes: &[(3, 3, 7, 40, (40, 45)), (4, 2, 1, 30, (30, 30))],
    },
    // Windows that see no element of the input.
    Case { images: 2, groups: 1, channels: 2, outputs: 3, axes: &[(1, 1, 10, 1, (3, 3))] },
    Case {
        images: 1,
        groups: 2,
        channels: 2,
        outputs: 1,
        axes: &[(2, 2, 9, 1, (5, 2)), (4, 3, 1, 1, (1, 1))],
    },
    // More of everything than a tile holds.
    Case {
        images: 1,
        groups: 1,
        channels: 8,
        outputs: 2,
        axes: &[(48, 5, 1, 1, (2, 2)), (53, 5, 1, 1, (1, 2))],
    },
    Case { images: 2, groups: 1, channels: 12, outputs: 1, axes: &[(6007, 9, 2, 3, (4, 4))] },
];

impl Case {
    fn op(&self) -> Conv {
        let mut window = Window::default();
        for (i, &(_, _, stride, dilation, padding)) in self.axes.iter().enumerate() {
            (window.stride[i], window.dilation[i], window.padding[i]) = (stride, dilation, padding);
        }
        Conv { window, groups: self.groups }
    }

    /// Spatial sizes of input, kernel and result.
    fn spatial(&self) -> [Vec<usize>; 3] {
        let output = |&(n, k, stride, dilation, (low, high)): &Axis| {
            (n + low + high - dilation * (k - 1) - 1) / stride + 1
        };
        [
            self.axes.iter().map(|axis| axis.0).collect(),
            self.axes.iter().map(|axis| axis.1).collect(),
            self.axes.iter().map(output).collect(),
        ]
    }

    /// The shapes of input, weight and result.
    fn shapes(&self) -> [Vec<usize>; 3] {
        let [x, w, y] = self.spatial();
        [
            [vec![self.images, self.groups * self.channels], x].concat(),
            [vec![self.groups * self.outputs, self.channels], w].concat(),
            [vec![self.images, self.groups * self.outputs], y].concat(),
        ]
    }

    /// Calls `term` with the places in input, weight and result of every product that the definition sums.
    fn terms(&self, mut term: impl FnMut(usize, usize, usize)) {
        let spatial = self.spatial();
        let [inputs, places, positions] = spatial.each_ref().map(|sizes| sizes.iter().product::<usize>());
        for n in 0..self.images {
            for o in 0..self.groups * self.outputs {
                for c in 0..self.channels {
                    let channel = o / self.outputs * self.channels + c;
                    for position in 0..positions {
                        for place in 0..places {
                            let Some(seen) = self.seen(&spatial, position, place) else { continue };
                            term(
                                (n * self.groups * self.channels + channel) * inputs + seen,
                                (o * self.channels + c) * places + place,
                                (n * self.groups * self.outputs + o) * positions + position,
                            );
                        }
                    }
                }
            }
        }
    }

    /// The element of a channel that is seen from a position at a place of the kernel, if it is not padding.
    fn seen(&self, spatial: &[Vec<usize>; 3], mut position: usize, mut place: usize) -> Option<usize> {
        let (mut seen, mut pitch) = (0, 1);
        for (i, &(n, k, stride, dilation, (low, _))) in self.axes.iter().enumerate().rev() {
            let outputs = spatial[2][i];
            let at = (position % outputs * stride + place % k * dilation).checked_sub(low)?;
            (position, place) = (position / outputs, place / k);
            if at >= n {
                return None;
            }
            seen += at * pitch;
            pitch *= n;
        }
        Some(seen)
    }
}

/// Whole numbers between −2 and 2 in no obvious order.
fn numbers(shape: &[usize], seed: usize) -> Vec<f64> {
    let count: usize = shape.iter().product();
    (0..count).map(|i| ((i * 7 + i * i / 3 + seed) % 5) as f64 - 2.0).collect()
}

fn tensor(data: &[f64], shape: &[usize], dtype: DType, device: &Device) -> Tensor {
    let data = HostData::cast(dtype, data.iter().map(|&x| Scalar::Float(x)));
    Tensor::from_host(HostArray::new(data, shape).unwrap(), device).unwrap()
}

fn apply(op: &Op, a: &Tensor, b: &Tensor) -> Tensor {
    Tensor::apply(op, &[a, b]).unwrap().remove(0)
}

/// The convolution, its gradient by input and by weight.
fn all_three(case: &Case, x: &Tensor, w: &Tensor, dy: &Tensor) -> [Tensor; 3] {
    let conv = case.op();
    let [mut input, mut kernel] = [[0; 3]; 2];
    input[..case.axes.len()].copy_from_slice(&x.shape()[2..]);
    kernel[..case.axes.len()].copy_from_slice(&w.shape()[2..]);
    [
        apply(&Op::Conv(conv), x, w),
        apply(&Op::ConvInputGrad(ConvInputGrad { conv, input }), dy, w),
        apply(&Op::ConvWeightGrad(ConvWeightGrad { conv, kernel }), x, dy),
    ]
}

#[test]
fn agrees_with_the_definition() {
    for (i, case) in CASES.iter().enumerate() {
        let shapes = case.shapes();
        let [x, w, dy] = std::array::from_fn(|operand| numbers(&shapes[operand], operand + i));
        let [mut y, mut dx, mut dw] = [&dy, &x, &w].map(|like| vec![0.0; like.len()]);
        case.terms(|at_x, at_w, at_y| {
            y[at_y] += x[at_x] * w[at_w];
            dx[at_x] += dy[at_y] * w[at_w];
            dw[at_w] += dy[at_y] * x[at_x];
        });
        for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
            let [x, w, dy] =
                [(&x, 0), (&w, 1), (&dy, 2)].map(|(data, i)| tensor(data, &shapes[i], dtype, &device()));
            let results = all_three(case, &x, &w, &dy);
            for (result, want) in results.iter().zip([(&y, 2), (&dx, 0), (&dw, 1)]) {
                let want = tensor(want.0, &shapes[want.1], dtype, &device());
                assert!(result.to_host().unwrap() == want.to_host().unwrap(), "case {i}, {dtype}");
            }
        }
    }
}

#[test]
fn views_are_read_as_they_lie() {
    let case = &CASES[1];
    let shapes = case.shapes();
    let operands: [Tensor; 3] =
        std::array::from_fn(|i| tensor(&numbers(&shapes[i], i), &shapes[i], DType::F32, &device()));
    // The same numbers, seen transposed and turned around from memory laid out otherwise.
    let views = operands.each_ref().map(|x| {
        let turned = x.transpose(1, 3).unwrap().flip(0).unwrap().to_host().unwrap();
        Tensor::from_host(turned, &device()).unwrap().flip(0).unwrap().transpose(1, 3).unwrap()
    });
    let [want, got] = [operands, views].map(|[x, w, dy]| all_three(case, &x, &w, &dy));
    for (want, got) in want.iter().zip(&got) {
        assert_eq!(want.to_host().unwrap(), got.to_host().unwrap());
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let large: [(usize, usize, usize, usize, &[Axis]); 4] = [
        (40, 1, 6, 16, &[(14, 5, 1, 1, (0, 0)), (14, 5, 1, 1, (0, 0))]),
        (1, 1, 32, 48, &[(40, 3, 1, 1, (1, 1)), (41, 3, 1, 1, (1, 1))]),
        (2, 1, 32, 48, &[(40, 3, 2, 1, (1, 1)), (41, 3, 1, 1, (1, 1))]),
        (9, 24, 1, 1, &[(30, 3, 1, 1, (1, 1)), (30, 3, 1, 1, (1, 1))]),
    ];
    for (images, groups, channels, outputs, axes) in large {
        let case = Case { images, groups, channels, outputs, axes };
        let shapes = case.shapes();
        let results = |threads| {
            let device = with_options(Options { threads: Some(threads), memory_bytes: None }).unwrap();
            let [x, w, dy] = shapes.each_ref().map(|shape| {
                // Numbers whose sums depend on the order of summation.
                let data: Vec<f64> =
                    (0..shape.iter().product()).map(|i: usize| (i as f64 * 0.731).sin()).collect();
                tensor(&data, shape, DType::F32, &device)
            });
            all_three(&case, &x, &w, &dy).map(|result| result.to_vec::<f32>().unwrap())
        };
        let alone = results(1);
        for threads in [2, 3] {
            assert!(results(threads) == alone, "{images} images on {threads} threads");
        }
    }
}
