//! Equal programs made once.
//!
//! A user's `x.map(|x| ..)` compiles its expression at every call. Handing out the program of an earlier call
//! keeps what hangs on it: typings, derivatives, a backend's kernels.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::Program;

/// The most programs kept. All are forgotten when there would be more, so that expressions made from data
/// cannot fill memory.
const CAPACITY: usize = 1024;

/// A program as a key: equal ones are interchangeable, names and unread inputs included.
struct Key(Arc<Program>);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.name() == other.0.name() && self.0.inputs() == other.0.inputs() && self.0 == other.0
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// The program equal to this one that was seen first.
pub(super) fn intern(program: Program) -> Arc<Program> {
    static KNOWN: LazyLock<Mutex<HashSet<Key>>> = LazyLock::new(Mutex::default);
    let program = Key(Arc::new(program));
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(first) = known.get(&program) {
        return Arc::clone(&first.0);
    }
    if known.len() >= CAPACITY {
        known.clear();
    }
    let made = Arc::clone(&program.0);
    known.insert(program);
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Expr;

    #[test]
    fn equal_programs_are_one() {
        let make = |name, inputs| Program::with_inputs(name, &[Expr::input(0).tanh() * 2.5], inputs).unwrap();
        assert!(Arc::ptr_eq(&make("a", 1), &make("a", 1)));
        assert!(!Arc::ptr_eq(&make("a", 1), &make("b", 1)));
        assert!(!Arc::ptr_eq(&make("a", 1), &make("a", 2)));
    }
}
