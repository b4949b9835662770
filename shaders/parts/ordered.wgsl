// Pairs of a key and the place where it was: different pairs are never equal, so any way of sorting them is stable.

fn comes_before(key: u32, place: u32, other_key: u32, other_place: u32) -> bool {
    return key < other_key || (key == other_key && place < other_place);
}
