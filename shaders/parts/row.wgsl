// Rows of x, with a team of threads for each. Builds on teams of f32.
//
// params: rows, length of a row, position of x, its stride along a row, bits of a number, number of axes of the rows, those
// axes as `position` reads them.

alias X = f32;
alias Y = f32;

@group(0) @binding(1) var<storage, read> x: array<X>;

var<private> row_start: u32;

const ROW_AXES: u32 = 6u;

fn row_number(group: u32, thread: u32) -> u32 {
    return group * (THREADS / TEAM) + thread / TEAM;
}

// Finds a row and tells its length: 0 behind the last row, whose team works on nothing.
fn begin_row(row: u32) -> u32 {
    row_start = param(2) + position(ROW_AXES, param(5), row);
    return select(0u, param(1), row < param(0));
}

fn element(j: u32) -> f32 {
    return f32(x[row_start + j * param(3)]);
}

// The largest over the team of this thread, known to all of it; NaN if any is.
fn team_largest(value: f32, thread: u32) -> f32 {
    if TEAM == 1u {
        return value;
    }
    team_values[thread] = value;
    for (var width = TEAM / 2u; width > 0u; width /= 2u) {
        workgroupBarrier();
        if thread % TEAM < width {
            team_values[thread] = largest(team_values[thread], team_values[thread + width]);
        }
    }
    workgroupBarrier();
    let most = team_values[thread - thread % TEAM];
    workgroupBarrier();
    return most;
}

fn row_largest(length: u32, thread: u32) -> f32 {
    var most = -infinity();
    for (var j = thread % TEAM; j < length; j += TEAM) {
        most = largest(most, element(j));
    }
    return team_largest(most, thread);
}

// Σ exp(xⱼ - shift).
fn row_exponentials(length: u32, shift: f32, thread: u32) -> f32 {
    var sum = 0.0;
    for (var j = thread % TEAM; j < length; j += TEAM) {
        sum += exponential(element(j) - shift);
    }
    return team_sum(sum, thread);
}
