//! Every text was made by NumPy 2.4.6: `numpy.set_printoptions(precision=4); str(array)`.

use crate::{DType, Element, HostArray, Nested, Tensor, ToHostArray, f16, meta};

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

/// A literal of elements of one type.
fn array<T: Element>(data: impl Nested<Element = T>) -> HostArray {
    data.to_host_array().unwrap()
}

fn half<const N: usize>(data: [f64; N]) -> HostArray {
    array(data.map(f16::from_f64))
}

#[test]
fn numbers_share_one_format() {
    let rows = [
        (array([[1f32, 2.0, 3.0], [4.0, 5.0, 6.0]]), "[[1. 2. 3.]\n [4. 5. 6.]]"),
        (array([0.1, 0.25, 1.0 / 3.0]), "[0.1    0.25   0.3333]"),
        (array([[1.5, -2.25], [100.0, 0.0]]), "[[  1.5   -2.25]\n [100.     0.  ]]"),
        (array([0.1f32, 0.2, 0.3]), "[0.1 0.2 0.3]"),
        (array([1e-4f32, 1.0]), "[1.e-04 1.e+00]"),
        (array([0.0001, 0.05]), "[0.0001 0.05  ]"),
        (array([1e-05, 1.0]), "[1.e-05 1.e+00]"),
        (array([100000000.0, 1.0]), "[1.e+08 1.e+00]"),
        (array([1.0, 1000.0]), "[   1. 1000.]"),
        (array([1.0, 1001.0]), "[1.000e+00 1.001e+03]"),
        (array([0.7f32, 700.0]), "[  0.7 700. ]"),
        (array([0.7, 700.0]), "[7.e-01 7.e+02]"),
        (array([99999999.0, 99999.0]), "[1.0000e+08 9.9999e+04]"),
        (array([1e+100, 1.0, -1e-100]), "[ 1.e+100  1.e+000 -1.e-100]"),
        (array([12345678900.0, -5.0]), "[ 1.2346e+10 -5.0000e+00]"),
        (array([0.0, -0.0, 1.0]), "[ 0. -0.  1.]"),
        (array([0.99996, 1.0]), "[1. 1.]"),
        (array([NAN as f32, 1.5, -INF as f32]), "[ nan  1.5 -inf]"),
        (array([NAN as f32, INF as f32]), "[nan inf]"),
        (array([NAN as f32, -INF as f32, NAN as f32]), "[ nan -inf  nan]"),
        (array([NAN, 123456.789, 1000000000.0]), "[       nan 1.2346e+05 1.0000e+09]"),
        (array([[INF, 1e-08], [NAN, 2.0]]), "[[   inf 1.e-08]\n [   nan 2.e+00]]"),
        (half([3.25, 0.1, 3.3]), "[3.25 0.1  3.3 ]"),
        (half([65504.0, 1.0]), "[6.55e+04 1.00e+00]"),
        (half([1e-5, 0.5]), "[1.e-05 5.e-01]"),
        (array([[1, -20], [300, 4]]), "[[  1 -20]\n [300   4]]"),
        (array([i64::MIN, 1]), "[-9223372036854775808                    1]"),
        (array([0u8, 255]), "[  0 255]"),
        (array([true, false]), "[ True False]"),
        (array([[true], [true]]), "[[ True]\n [ True]]"),
    ];
    for (array, want) in rows {
        assert_eq!(array.to_string(), want);
    }
}

#[test]
fn a_single_number_has_all_its_digits() {
    let rows = [
        (array(3.0), "3.0"),
        (array(1.0 / 3.0), "0.3333333333333333"),
        (array(0.1f32), "0.1"),
        (array(1e-5f32), "1e-05"),
        (array(1e16), "1e+16"),
        (array(123456.75), "123456.75"),
        (array(1.5e17), "1.5e+17"),
        (array(f16::from_f32(0.1)), "0.1"),
        (array(NAN), "nan"),
        (array(-INF), "-inf"),
        (array(-0.0), "-0.0"),
        (array(-7), "-7"),
        (array(true), "True"),
        (array(1e-300), "1e-300"),
        (array(1234567890123.0), "1234567890123.0"),
    ];
    for (array, want) in rows {
        assert_eq!(array.to_string(), want);
    }
}

/// `numpy.arange(n).reshape(shape)`.
#[test]
fn large_arrays_show_their_corners_and_rows_break() {
    #[rustfmt::skip]
    let rows: [(&[usize], &str); 12] = [
        (&[0], "[]"),
        (&[1 << 62, 0], "[]"),
        (&[2, 0], "[]"),
        (&[30], "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n 24 25 26 27 28 29]"),
        (&[2, 2, 2], "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]"),
        (&[2, 1, 1, 1], "[[[[0]]]\n\n\n [[[1]]]]"),
        (&[3, 20], "[[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19]\n [20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39]\n [40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59]]"),
        (&[1001], "[   0    1    2 ...  998  999 1000]"),
        (&[10, 101], "[[   0    1    2 ...   98   99  100]\n [ 101  102  103 ...  199  200  201]\n [ 202  203  204 ...  300  301  302]\n ...\n [ 707  708  709 ...  805  806  807]\n [ 808  809  810 ...  906  907  908]\n [ 909  910  911 ... 1007 1008 1009]]"),
        (&[4, 3, 90], "[[[   0    1    2 ...   87   88   89]\n  [  90   91   92 ...  177  178  179]\n  [ 180  181  182 ...  267  268  269]]\n\n [[ 270  271  272 ...  357  358  359]\n  [ 360  361  362 ...  447  448  449]\n  [ 450  451  452 ...  537  538  539]]\n\n [[ 540  541  542 ...  627  628  629]\n  [ 630  631  632 ...  717  718  719]\n  [ 720  721  722 ...  807  808  809]]\n\n [[ 810  811  812 ...  897  898  899]\n  [ 900  901  902 ...  987  988  989]\n  [ 990  991  992 ... 1077 1078 1079]]]"),
        (&[1, 1, 1, 1, 1, 1, 1, 40], "[[[[[[[[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19\n        20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39]]]]]]]]"),
        (&[1000, 2], "[[   0    1]\n [   2    3]\n [   4    5]\n ...\n [1994 1995]\n [1996 1997]\n [1998 1999]]"),
    ];
    for (shape, want) in rows {
        let count: usize = shape.iter().product();
        let array = HostArray::new(i32::wrap((0..count as i32).collect()), shape).unwrap();
        assert_eq!(array.to_string(), want, "{shape:?}");
    }
}

#[test]
fn the_format_may_ask_for_other_digits() {
    assert_eq!(format!("{:.2}", array([1.0 / 3.0, 2.5])), "[0.33 2.5 ]");
    assert_eq!(format!("{:.0}", array([1.25, 2.5])), "[1. 2.]");
}

#[test]
fn a_tensor_without_elements_to_read_says_what_it_is() {
    let x = Tensor::zeros([2, 3], DType::F32, &meta::device()).unwrap();
    assert_eq!(x.to_string(), "Tensor([2, 3], f32, meta)");
    assert_eq!(format!("{x:?}"), "Tensor([2, 3], f32, meta)");
    let large = Tensor::zeros([1 << 20, 1 << 20], DType::Bool, &meta::device()).unwrap();
    assert_eq!(large.to_string(), "Tensor([1048576, 1048576], bool, meta)");
}
