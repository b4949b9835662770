//! libFuzzer's entry: gives its inputs to the target that `TENSORKEEP_FUZZ_TARGET` names.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tensorkeep_fuzz::Target;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("TENSORKEEP_FUZZ_TARGET").unwrap_or_default();
    tensorkeep_fuzz::target(&name).unwrap_or_else(|| panic!("TENSORKEEP_FUZZ_TARGET={name:?} names no target"))
});

fuzz_target!(init: LazyLock::force(&TARGET), |input: &[u8]| (TARGET.run)(input));
