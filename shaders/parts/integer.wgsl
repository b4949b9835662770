// Functions of i32 and of bytes, which are held in u32.

// Cut towards zero; 0 if divided by zero.
fn integer_quotient(a: i32, b: i32) -> i32 {
    return select(a / b, 0, b == 0);
}

// With the sign of the divisor; 0 if divided by zero.
fn integer_remainder(a: i32, b: i32) -> i32 {
    let r = select(a % b, 0, b == 0);
    return select(r, r + b, r != 0 && (r < 0) != (b < 0));
}

// Wraps; a negative power of anything but 1 and -1 is 0.
fn integer_power(base: i32, exponent: i32) -> i32 {
    let odd = (exponent & 1) == 1;
    if exponent < 0 {
        return select(select(0, select(1, -1, odd), base == -1), 1, base == 1);
    }
    return bitcast<i32>(wrapping_power(bitcast<u32>(base), u32(exponent)));
}

fn wrapping_power(base: u32, exponent: u32) -> u32 {
    var result = 1u;
    var square = base;
    for (var left = exponent; left > 0u; left >>= 1u) {
        if (left & 1u) == 1u {
            result *= square;
        }
        square *= square;
    }
    return result;
}

fn byte_quotient(a: u32, b: u32) -> u32 {
    return select(a / b, 0u, b == 0u);
}

fn byte_remainder(a: u32, b: u32) -> u32 {
    return select(a % b, 0u, b == 0u);
}
