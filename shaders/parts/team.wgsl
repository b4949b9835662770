// Teams of threads that share a fold: neighbours in one workgroup. Every thread of the workgroup must take part.

const THREADS: u32 = 256u;
// Threads in a team, a power of 2.
const TEAM: u32 = 32u;
// Registers: f32, i32, or u32 for bytes.
alias V = f32;

var<workgroup> team_values: array<V, THREADS>;

// The sum over the team of this thread, known to all of it.
fn team_sum(value: V, thread: u32) -> V {
    if TEAM == 1u {
        return value;
    }
    team_values[thread] = value;
    for (var width = TEAM / 2u; width > 0u; width /= 2u) {
        workgroupBarrier();
        if thread % TEAM < width {
            team_values[thread] += team_values[thread + width];
        }
    }
    workgroupBarrier();
    let sum = team_values[thread - thread % TEAM];
    // So that the next fold may begin.
    workgroupBarrier();
    return sum;
}
