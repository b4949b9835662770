//! How large an expression may be: the last that fits and the first that does not.

use tensorkeep_tensor::expr::{Expr, MAX_INPUTS, MAX_NODES, Program};
use tensorkeep_tensor::{DType, ErrorKind};

fn refused(results: &[Expr]) {
    assert_eq!(Program::new("test", results).unwrap_err().kind(), ErrorKind::Limit);
}

fn nested(steps: usize) -> Expr {
    (1..steps).fold(Expr::input(0), |x, _| x.sin())
}

/// An expression over so many different constants, nested no deeper than their number over 20 and 20.
fn broad(constants: usize) -> Expr {
    let terms: Vec<Expr> = (0..constants).map(|i| Expr::from(i as f64 + 2.0)).collect();
    let largest = terms.chunks(20).map(|terms| terms.iter().fold(Expr::input(0), |x, term| x.max(term)));
    largest.fold(Expr::input(0), |sum, x| sum + x)
}

#[test]
fn depth() {
    let deepest = usize::from(Expr::MAX_DEPTH);
    assert!(Program::new("test", &[nested(deepest)]).is_ok());
    refused(&[nested(deepest + 1)]);
    refused(&[nested(100_000)]);
    // Where it was cut, nothing that stands on it can pass.
    refused(&[nested(deepest + 1) * 0.5, Expr::input(0)]);
    refused(&[nested(deepest).substitute(&[Expr::input(0).cos()])]);
}

#[test]
fn steps() {
    let mut fitting = 1;
    while Program::new("test", &[broad(fitting + 1)]).is_ok() {
        fitting += 1;
    }
    let most = Program::new("test", &[broad(fitting)]).unwrap().nodes().len();
    assert!((MAX_NODES - 3..=MAX_NODES).contains(&most), "{most}");
    refused(&[broad(fitting + 1)]);
    refused(&[broad(100_000)]);
}

#[test]
fn inputs_params_and_results() {
    let all = |of: fn(usize) -> Expr, count| (0..count).map(of).collect::<Vec<_>>();
    for of in [Expr::input as fn(usize) -> Expr, Expr::param] {
        assert!(Program::new("test", &all(of, MAX_INPUTS)).is_ok());
        refused(&all(of, MAX_INPUTS + 1));
        refused(&[of(MAX_INPUTS)]);
        refused(&[of(usize::MAX)]);
    }
    refused(&vec![Expr::input(0); MAX_INPUTS + 1]);
    assert_eq!(Program::with_inputs("test", &[Expr::input(0)], 5).unwrap().inputs(), 5);
    assert!(Program::with_inputs("test", &[Expr::input(0)], MAX_INPUTS + 1).is_err());
}

/// A derivative is deeper than its function; one that is too deep is refused like any other.
#[test]
fn derivatives_obey_them_too() {
    let gradient = |steps| {
        let program = Program::new("test", &[nested(steps)]).unwrap();
        program.typed([DType::F64], &[]).unwrap().gradient(1)
    };
    assert!(gradient(200).is_ok());
    assert_eq!(gradient(512).unwrap_err().kind(), ErrorKind::Limit);
}
