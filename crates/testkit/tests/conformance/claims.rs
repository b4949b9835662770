//! What a device does not claim, it refuses by name.

use tensorkeep_tensor::expr::Expr;
use tensorkeep_tensor::op::{Distribution, Op, Random};
use tensorkeep_tensor::{DType, ErrorKind, Shape, Tensor};
use tensorkeep_testkit::values::ordinary;

use crate::{map, on_every_device};

#[test]
fn dtypes_that_are_not_claimed() {
    on_every_device(|subject, findings| {
        let missing = DType::ALL.into_iter().filter(|&dtype| !subject.has(dtype));
        for dtype in missing {
            let outcome = Tensor::from_host(ordinary([3], dtype, 1).unwrap(), &subject.device);
            let error = outcome.expect_err("an upload of a dtype that is not claimed");
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.message().contains(dtype.name()), "{error}");
            let x = ordinary([3], DType::F32, 1).unwrap();
            let cast = map(&[Expr::input(0).cast(dtype)], &[]);
            findings.refuses(subject, &cast, &[x], ErrorKind::Unsupported, dtype.name());
            let distribution = Distribution::Bernoulli { probability: 0.5 };
            let shape = Shape::new(&[3]).unwrap();
            let random = Op::Random(Random { distribution, shape, dtype, key: 1, offset: 0 });
            findings.refuses(subject, &random, &[], ErrorKind::Unsupported, dtype.name());
        }
    });
}

#[test]
fn every_device_has_the_dtypes_of_models_and_indices() {
    on_every_device(|subject, _| {
        for dtype in [DType::F32, DType::I32, DType::Bool] {
            assert!(subject.has(dtype), "{} has no {dtype}", subject.device);
        }
    });
}

#[test]
fn numbers_survive_the_way_there_and_back() {
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            let points = tensorkeep_testkit::values::awkward(dtype);
            let x = tensorkeep_testkit::values::listed(&points, dtype).unwrap();
            let back = Tensor::from_host(x.clone(), &subject.device).and_then(|x| x.to_host());
            // Debug output tells -0 from 0 and knows NaN again.
            let same =
                back.map(|back| assert_eq!(format!("{back:?}"), format!("{x:?}"), "{}", subject.device));
            findings.note(subject, "upload and download", same);
        }
    });
}
