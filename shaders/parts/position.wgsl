// Where element `i` of a strided view lies. At param(at) stand `rank` pairs of size and stride, innermost first;
// strides are signed, and sums of them wrap.
fn position(at: u32, rank: u32, i: u32) -> u32 {
    if rank == 1u {
        return i * param(at + 1u);
    }
    var rest = i;
    var place = 0u;
    for (var axis = 0u; axis < rank; axis++) {
        let size = param(at + 2u * axis);
        place += (rest % size) * param(at + 2u * axis + 1u);
        rest /= size;
    }
    return place;
}
