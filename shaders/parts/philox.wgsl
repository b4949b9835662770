// Philox 4x32-10: Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011. Step by step as
// `philox.rs` of the tensor crate, whose bits these are.

// The upper word of the product, from products of halves.
fn upper_product(a: u32, b: u32) -> u32 {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let other = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u);
}

fn philox_round(words: vec4<u32>, keys: vec2<u32>) -> vec4<u32> {
    let a = upper_product(words.x, 0xd2511f53u);
    let b = upper_product(words.z, 0xcd9e8d57u);
    return vec4<u32>(b ^ words.y ^ keys.x, words.z * 0xcd9e8d57u, a ^ words.w ^ keys.y, words.x * 0xd2511f53u);
}

// Four random words: block `counter` of the stream `key`.
fn philox_block(key: vec2<u32>, counter: vec2<u32>) -> vec4<u32> {
    var words = vec4<u32>(counter, 0u, 0u);
    var keys = key;
    //@unroll round 0 10
    words = philox_round(words, keys);
    keys += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
    //@end
    return words;
}
