// What the host passes to a kernel: numbers of 32 bits, in the order that the kernel states. They are the same for all threads,
// and drivers read them as such from uniform memory alone; there, arrays are made of quads.
@group(0) @binding(0) var<uniform> params: array<vec4<u32>, 64>;

fn param(i: u32) -> u32 {
    return params[i / 4u][i % 4u];
}

// The number of this workgroup. Grids of more than 65,535 are folded into rows, the last of which may reach too far.
fn group_number(group: vec3<u32>, grid: vec3<u32>) -> u32 {
    return group.y * grid.x + group.x;
}
