//! Steps that give truth values.

use tensorkeep_tensor::expr::{Binary, Domain};

use super::lane::Element;
use super::loops::{Side, map2};
use super::machine::Machine;
use super::plan::Place;

/// Whether a function gives truth values.
pub(super) fn is_test(function: Binary) -> bool {
    matches!(function.domain(), Domain::Test | Domain::Truth)
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
        let (a, b): (Side<'_, T>, Side<'_, T>) = (machine.side(a), machine.side(b));
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
