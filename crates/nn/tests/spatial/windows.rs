//! Columns of windows, against convolutions.

use tensorkeep_tensor::op::{Conv, Window};

use tensorkeep_testkit::assert_near;

use crate::numbers;

/// A convolution is the product of its weight with the columns, over one to three axes; and folding is the
/// adjoint of unfolding: `⟨unfold x, y⟩ = ⟨x, fold y⟩`.
#[test]
fn columns_make_convolutions() {
    let odd = Window { stride: [2, 1, 2], dilation: [1, 2, 1], padding: [(1, 2), (0, 1), (1, 0)] };
    let rows: [(&[usize], &[usize], Window); 6] = [
        (&[2, 3, 7], &[4, 3, 3], Window::default()),
        (&[2, 3, 7], &[4, 3, 3], odd),
        (&[2, 2, 5, 6], &[3, 2, 2, 3], Window::default()),
        (&[2, 2, 5, 6], &[3, 2, 2, 3], odd),
        (&[1, 2, 3, 4, 3], &[2, 2, 2, 3, 2], Window::default()),
        (&[1, 2, 3, 4, 3], &[2, 2, 2, 2, 3], odd),
    ];
    for (x, w, window) in rows {
        let (x, w) = (numbers(x, 0), numbers(w, 1));
        let columns = x.unfold(&w.shape()[2..], window).unwrap();
        let y = x.conv(&w, Conv { window, groups: 1 }).unwrap();
        let product = w.flatten(1).unwrap().matmul(&columns).unwrap().reshape(y.shape()).unwrap();
        assert_near("convolution", &product, &y, 1e-13);

        let other = numbers(columns.shape(), 2);
        let folded = other.fold(&x.shape()[2..], &w.shape()[2..], window).unwrap();
        let [a, b] = [columns.mul(&other), x.mul(&folded)].map(|product| product.unwrap().sum_all().unwrap());
        assert_near("adjoint", &a, &b, 1e-13);
    }
}
