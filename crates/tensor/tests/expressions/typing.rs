//! Which dtype every step has.

use tensorkeep_tensor::expr::{Expr, Node, Program};
use tensorkeep_tensor::{DType, Scalar};

const FLOATS: [DType; 4] = [DType::F32, DType::F64, DType::F16, DType::BF16];

fn result(expr: &Expr, dtypes: &[DType]) -> Result<DType, String> {
    let program = Program::with_inputs("f", std::slice::from_ref(expr), dtypes.len()).unwrap();
    let typed = program.typed(dtypes.iter().copied(), &[]).map_err(|error| error.message().to_owned())?;
    Ok(typed.results().next().unwrap())
}

#[test]
fn results_follow_their_operands() {
    let (x, y) = (Expr::input(0), Expr::input(1));
    for dtype in FLOATS {
        assert_eq!(result(&(x.exp() * 2.0 + &y), &[dtype, dtype]), Ok(dtype));
        assert_eq!(result(&x.gt(0.5).select(&x, 1), &[dtype]), Ok(dtype));
    }
    for dtype in [DType::I64, DType::I32, DType::U8] {
        assert_eq!(result(&((&x + 1) * &y), &[dtype, dtype]), Ok(dtype));
        assert_eq!(result(&(&x / 2.0), &[dtype]), Ok(dtype));
    }
    for dtype in DType::ALL {
        assert_eq!(result(&x.eq(&y), &[dtype, dtype]), Ok(DType::Bool));
        assert_eq!(result(&x.ge(1), &[dtype]), Ok(DType::Bool));
        assert_eq!(result(&x.cast(DType::F16), &[dtype]), Ok(DType::F16));
        assert_eq!(result(&Expr::from(1), &[dtype]), Ok(dtype));
        assert_eq!(result(&x.eq(1).select(&y, &x), &[dtype, dtype]), Ok(dtype));
    }
    assert_eq!(result(&(!x.gt(0) & y.is_nan() | true), &[DType::U8, DType::F16]), Ok(DType::Bool));
    assert_eq!(result(&Expr::from(0.5), &[]), Ok(DType::F32));
}

#[test]
fn what_has_no_meaning_is_refused() {
    use DType::{Bool, F32, I32, U8};
    let (x, y) = (Expr::input(0), Expr::input(1));
    let weak = || Expr::from(1) + 0;
    let rows: [(Expr, &[DType], &str); 14] = [
        (&x + &y, &[F32, I32], "operands of f32 and i32: cast one with to_dtype"),
        (x.eq(&y), &[Bool, U8], "operands of bool and u8: cast one with to_dtype"),
        (x.gt(0).select(&x, &y), &[F32, U8], "operands of f32 and u8: cast one with to_dtype"),
        (x.sqrt(), &[I32], "sqrt has no meaning for i32: cast with to_dtype first"),
        (-&x, &[Bool], "neg has no meaning for bool: cast with to_dtype first"),
        (&x & true, &[F32], "and has no meaning for f32: cast with to_dtype first"),
        (x.is_nan(), &[I32], "is_nan has no meaning for i32: cast with to_dtype first"),
        (x.select(1.0, 2.0), &[F32], "a condition of f32 where bool is needed: compare it with something"),
        (&x + 0.5, &[I32], "0.5 does not fit into i32: cast the tensor with to_dtype first"),
        (&x + 300, &[U8], "300 does not fit into u8: cast the tensor with to_dtype first"),
        (x.eq(2), &[Bool], "2 does not fit into bool: cast the tensor with to_dtype first"),
        (
            &x * Expr::from(2).exp(),
            &[I32],
            "exp of constants beside i32: cast the tensor with to_dtype first",
        ),
        (x.eq(weak()), &[Bool], "add of constants beside bool: cast the tensor with to_dtype first"),
        (&x + f64::NAN, &[I32], "NaN does not fit into i32: cast the tensor with to_dtype first"),
    ];
    for (expr, dtypes, want) in rows {
        assert_eq!(result(&expr, dtypes), Err(want.to_owned()));
    }
}

/// One constant, or parameter, may stand beside several dtypes; it is there once for each.
#[test]
fn constants_take_the_dtype_beside_them() {
    let (x, y) = (Expr::input(0), Expr::input(1));
    let shared = Expr::param(0) * 2.0;
    let program = Program::new("f", &[&x * &shared, &y + &shared, &x - &shared]).unwrap();
    let typed = program.typed([DType::F16, DType::F64], &[Scalar::Float(0.1)]).unwrap();
    assert_eq!(typed.results().collect::<Vec<_>>(), [DType::F16, DType::F64, DType::F16]);
    let params: Vec<DType> =
        typed.nodes().iter().filter(|step| step.node == Node::Param(0)).map(|step| step.dtype).collect();
    assert_eq!(params, [DType::F16, DType::F64]);
    let tenth = Scalar::Float(0.1);
    let got = typed.eval(&[Scalar::Float(1.0), Scalar::Float(0.0)], &[tenth]).unwrap();
    assert_eq!(got[0], (tenth.cast(DType::F16).as_f64() * 2.0).into());
    assert_eq!(got[1], 0.2.into());
    // It must fit each of them.
    let error = program.typed([DType::F64, DType::I32], &[tenth]).unwrap_err();
    assert_eq!(error.message(), "0.1 does not fit into i32: cast the tensor with to_dtype first");
    assert!(program.typed([DType::F64, DType::I32], &[Scalar::Int(3)]).is_ok());
}

#[test]
fn comparisons_of_constants_alone_are_in_f32() {
    let test = Expr::param(0).lt(Expr::param(1));
    let program = Program::new("f", &[test.select(Expr::input(0), 0)]).unwrap();
    let typed = program.typed([DType::I32], &[Scalar::Float(0.25), Scalar::Float(0.5)]).unwrap();
    let got = typed.eval(&[Scalar::Int(7)], &[Scalar::Float(0.25), Scalar::Float(0.5)]).unwrap();
    assert_eq!(got, [Scalar::Int(7)]);
}

/// Steps that no result needs are not computed.
#[test]
fn only_what_is_needed_is_kept() {
    let program =
        Program::new("f", &[Expr::from(true).select(Expr::input(0), Expr::input(1).exp())]).unwrap();
    assert_eq!(program.nodes().len(), 1);
    let typed = program.typed([DType::F32], &[]).unwrap();
    assert_eq!(typed.nodes().len(), 1);
}
