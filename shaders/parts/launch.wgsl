// What the host passes to a kernel: numbers of 32 bits, in the order that the kernel states.
@group(0) @binding(0) var<storage, read> params: array<u32>;

// The number of this workgroup. Grids of more than 65,535 are folded into rows, the last of which may reach too far.
fn group_number(group: vec3<u32>, grid: vec3<u32>) -> u32 {
    return group.y * grid.x + group.x;
}
