//! Every generated kernel is valid WGSL, without any driver.

use std::sync::Arc;

use tensorkeep_tensor::expr::{Binary, Expr, Program, Unary};
use tensorkeep_tensor::{DType, Scalar};

use super::elementwise::{Address, Elementwise, Input};
use crate::element::Element;
use crate::kernel::Source;
use crate::kernel::tests::validate;

const DTYPES: [DType; 5] = [DType::F32, DType::F16, DType::I32, DType::U8, DType::Bool];

fn check(exprs: &[Expr], dtypes: &[DType], params: &[Scalar], address: Address) {
    let program = Program::with_inputs("test", exprs, dtypes.len()).unwrap();
    let mut kernel = Elementwise::new(program.typed(dtypes.iter().copied(), params).unwrap().into_owned());
    kernel.inputs =
        dtypes.iter().map(|&dtype| Input { element: Element::of("test", dtype).unwrap(), address }).collect();
    kernel.rank = if address == Address::Strided { 3 } else { 0 };
    validate(&Source::Generated(Arc::new(kernel)));
}

#[test]
fn every_function_of_every_dtype_is_valid() {
    let (x, y) = (Expr::input(0), Expr::input(1));
    for dtype in DTYPES {
        let unary = Unary::ALL.into_iter().filter(|f| f.domain().result(dtype).is_some()).map(|f| x.unary(f));
        let binary =
            Binary::ALL.into_iter().filter(|f| f.domain().result(dtype).is_some()).map(|f| x.binary(f, &y));
        let casts = DTYPES.map(|to| x.cast(to));
        for expr in unary.chain(binary).chain(casts) {
            check(&[expr], &[dtype, dtype], &[], Address::Contiguous);
        }
    }
}

#[test]
fn every_address_and_many_results_are_valid() {
    let (x, y) = (Expr::input(0), Expr::input(1));
    let results = [&x + &y, &x * Expr::param(0), x.lt(&y), x.lt(&y).select(&x, 1.0)];
    for address in [Address::Contiguous, Address::Single, Address::Strided] {
        check(&results, &[DType::F32, DType::F32], &[Scalar::Float(0.1)], address);
    }
}

#[test]
fn constants_of_any_bits_are_valid() {
    let x = Expr::input(0);
    for number in [f64::NAN, f64::INFINITY, -0.0, 1e-45, 0.1] {
        check(&[&x + number, &x * (&x + number)], &[DType::F32], &[], Address::Contiguous);
    }
    let most = Expr::from(i64::from(i32::MAX));
    // Overflow in constants is an error of WGSL, but wraps at run time.
    check(&[&x + (most.clone() + (most + 1i64))], &[DType::I32], &[], Address::Contiguous);
    let zero = Expr::from(0i64);
    check(&[&x + (Expr::from(1i64) / zero.clone()) % zero], &[DType::I32], &[], Address::Contiguous);
}
