// What the host finds when it next looks: whether anything went wrong in this run of the kernel, and what came first.
struct Fault {
    found: atomic<u32>,
    place: u32,
    value: i32,
    bound: u32,
}
@group(1) @binding(0) var<storage, read_write> fault: Fault;

// `value`, found at `place` among the indices, made to lie in 0..bound. If it does not already, the host is told.
fn checked_index(value: i32, bound: u32, place: u32) -> u32 {
    if value >= 0 && u32(value) < bound {
        return u32(value);
    }
    // Only the first to arrive writes, so that what is told belongs together.
    if atomicOr(&fault.found, 1u) == 0u {
        fault.place = place;
        fault.value = value;
        fault.bound = bound;
    }
    return 0u;
}
