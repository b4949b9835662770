//! Steps that give truth values.

use tensorkeep_tensor::expr::{Binary, Domain};

use super::lane::Element;
use super::loops::{self, map2};
use super::machine::Machine;
use super::plan::Place;

/// Whether a function gives truth values.
pub(super) fn is_test(function: Binary) -> bool {
    matches!(function.domain(), Domain::Test | Domain::Truth)
}

/// Whether it compares two numbers.
pub(super) fn is_comparison(function: Binary) -> bool {
    function.domain() == Domain::Test
}

/// `to = if test(a, b) { x } else { y }`.
pub(super) fn choose(
    machine: &mut Machine<'_, '_>,
    test: Binary,
    [a, b]: [Place; 2],
    [x, y]: [Place; 2],
    to: Place,
) {
    machine.write(to, |machine, to: &mut [f32]| {
        let (of, between) = ([machine.tile(a), machine.tile(b)], [machine.tile(x), machine.tile(y)]);
        match test {
            Binary::Eq => loops::choose(of, between, to, |a, b| a == b),
            Binary::Ne => loops::choose(of, between, to, |a, b| a != b),
            Binary::Lt => loops::choose(of, between, to, |a, b| a < b),
            Binary::Le => loops::choose(of, between, to, |a, b| a <= b),
            Binary::Gt => loops::choose(of, between, to, |a, b| a > b),
            Binary::Ge => loops::choose(of, between, to, |a, b| a >= b),
            // No comparisons.
            Binary::And | Binary::Or | Binary::Xor | Binary::Max | Binary::Min | Binary::Atan2 => {}
            Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::Rem | Binary::Pow => {}
        }
    });
}

/// `to = function(a, b)`, where the result is a truth value.
pub(super) fn test<T: Element>(
    machine: &mut Machine<'_, '_>,
    function: Binary,
    a: Place,
    b: Place,
    to: Place,
) {
    machine.write(to, |machine, to: &mut [u8]| {
        let (a, b): (&[T], &[T]) = (machine.tile(a), machine.tile(b));
        let holds = |x: T| x != T::zeroed();
        match function {
            Binary::Eq => map2(a, b, to, |a, b| u8::from(a == b)),
            Binary::Ne => map2(a, b, to, |a, b| u8::from(a != b)),
            Binary::Lt => map2(a, b, to, |a, b| u8::from(a < b)),
            Binary::Le => map2(a, b, to, |a, b| u8::from(a <= b)),
            Binary::Gt => map2(a, b, to, |a, b| u8::from(a > b)),
            Binary::Ge => map2(a, b, to, |a, b| u8::from(a >= b)),
            Binary::And => map2(a, b, to, |a, b| u8::from(holds(a) & holds(b))),
            Binary::Or => map2(a, b, to, |a, b| u8::from(holds(a) | holds(b))),
            Binary::Xor => map2(a, b, to, |a, b| u8::from(holds(a) ^ holds(b))),
            // What gives numbers is in `float` and `integer`.
            Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::Rem | Binary::Pow => {}
            Binary::Max | Binary::Min | Binary::Atan2 => {}
        }
    });
}
