// Merges neighbouring runs of each line: every pair finds its place by how many of the other run come before it.
//
// params: pairs, length of a line, length of a run.

@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read> places: array<u32>;
@group(0) @binding(3) var<storage, read_write> merged_keys: array<u32>;
@group(0) @binding(4) var<storage, read_write> merged_places: array<u32>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = group_number(group, grid) * 256u + thread;
    if i >= param(0) {
        return;
    }
    let length = param(1);
    let run = param(2);
    let line = i / length * length;
    let within = i - line;
    let both = within / (2u * run) * (2u * run);
    let in_first = within < both + run;
    let key = keys[i];
    let place = places[i];
    // The other run.
    let start = line + min(select(both, both + run, in_first), length);
    let end = line + min(select(both + run, both + 2u * run, in_first), length);
    var low = start;
    var high = end;
    while low < high {
        let middle = (low + high) / 2u;
        if comes_before(keys[middle], places[middle], key, place) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    let own = within - select(both + run, both, in_first);
    let to = line + both + own + (low - start);
    merged_keys[to] = key;
    merged_places[to] = place;
}
