//! Convolution, pooling, and their gradients as operations of their own.

use tensorkeep_tensor::op::{Conv, ConvInputGrad, ConvWeightGrad, Op, Pool, PoolGrad, PoolKind, Window};
use tensorkeep_tensor::{Shape, Tensor};

use crate::{apply, check, ordinary};

/// Input, weight, groups, and how the window slides.
type Row = (&'static [usize], &'static [usize], usize, Window);

fn window(stride: [usize; 3], dilation: [usize; 3], padding: [(usize, usize); 3]) -> Window {
    Window { stride, dilation, padding }
}

fn table() -> [Row; 7] {
    let none = [(0, 0); 3];
    [
        (&[1, 1, 4], &[1, 1, 2], 1, Window::default()),
        (&[2, 2, 5], &[3, 2, 3], 1, window([2, 1, 1], [1; 3], [(1, 2), (0, 0), (0, 0)])),
        (&[1, 4, 6], &[2, 2, 2], 2, window([1; 3], [3, 1, 1], none)),
        (&[1, 2, 3, 4], &[2, 2, 2, 3], 1, window([1; 3], [1; 3], [(1, 0), (1, 1), (0, 0)])),
        (&[1, 2, 5, 4], &[4, 1, 2, 2], 2, window([2, 1, 1], [2, 1, 1], none)),
        (&[1, 3, 3, 3], &[2, 3, 1, 1], 1, Window::default()),
        (&[1, 1, 3, 2, 3], &[1, 1, 2, 2, 2], 1, window([1, 1, 2], [1; 3], [(0, 0), (0, 1), (1, 0)])),
    ]
}

/// The spatial sizes of a shape.
fn spatial(shape: &Shape) -> [usize; 3] {
    std::array::from_fn(|axis| shape.get(2 + axis).copied().unwrap_or(1))
}

#[test]
fn convolutions_and_their_gradients() {
    for (x, w, groups, window) in table() {
        let conv = Conv { window, groups };
        let (x, w) = (ordinary(x, 1), ordinary(w, 2));
        let y = apply(&Op::Conv(conv), &[x.clone(), w.clone()]).unwrap();
        let dy = ordinary(y.shape(), 3);
        check(&Op::Conv(conv), &[x.clone(), w.clone()]);
        check(
            &Op::ConvInputGrad(ConvInputGrad { conv, input: spatial(x.shape()) }),
            &[dy.clone(), w.clone()],
        );
        check(&Op::ConvWeightGrad(ConvWeightGrad { conv, kernel: spatial(w.shape()) }), &[x, dy]);
    }
}

#[test]
fn pools_and_their_gradients() {
    let rows: [(&[usize], [usize; 3], Window); 5] = [
        (&[1, 1, 5], [2, 1, 1], window([2, 1, 1], [1; 3], [(0, 0); 3])),
        (&[2, 2, 5], [3, 1, 1], window([1; 3], [1; 3], [(1, 1), (0, 0), (0, 0)])),
        (&[1, 2, 4, 3], [2, 2, 1], window([2, 1, 1], [1; 3], [(1, 0), (0, 1), (0, 0)])),
        (&[1, 1, 5, 5], [2, 2, 1], window([1, 2, 1], [3, 2, 1], [(0, 0); 3])),
        (&[1, 1, 3, 3, 2], [2, 2, 2], window([1; 3], [1; 3], [(0, 0); 3])),
    ];
    let kinds =
        [PoolKind::Max, PoolKind::Mean { count_padding: true }, PoolKind::Mean { count_padding: false }];
    for (shape, kernel, window) in rows {
        for kind in kinds {
            let pool = Pool { kind, kernel, window };
            let x = ordinary(shape, 1);
            let results = Tensor::apply(&Op::Pool(pool), &[&x]).unwrap();
            check(&Op::Pool(pool), std::slice::from_ref(&x));
            let mut inputs = vec![ordinary(results[0].shape(), 2)];
            inputs.extend(results.get(1).cloned());
            check(&Op::PoolGrad(PoolGrad { pool, input: spatial(x.shape()) }), &inputs);
        }
    }
}
