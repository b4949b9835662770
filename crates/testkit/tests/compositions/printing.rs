//! A tensor prints as the array that it holds, though only its corners are read.

use tensorkeep_tensor::{DType, Tensor};

use super::every_device;

#[test]
fn tensors_print_as_their_arrays() {
    for device in every_device() {
        for shape in [&[][..], &[0], &[3], &[2, 3], &[1001], &[9, 120], &[3, 8, 9, 10], &[2000, 1]] {
            let count = shape.iter().product();
            let x = Tensor::arange(count, DType::I32, &device).unwrap().reshape(shape).unwrap();
            let x = x.sub(400).unwrap();
            assert_eq!(x.to_string(), x.to_host().unwrap().to_string());
            let views =
                [x.flatten(0).unwrap().flip(0).unwrap(), x.broadcast_to([&[2], shape].concat()).unwrap()];
            for view in views {
                assert_eq!(view.to_string(), view.to_host().unwrap().to_string());
            }
        }
    }
}
