//! The WGSL kernels of Tensorkeep, one file a kernel family, as data.
//!
//! Every file is WGSL as it stands, once the parts that it builds on are put before it. What a backend may set is declared
//! with a default on a line of its own: `const TILE: u32 = 8u;` for numbers, `alias X = f32;` for types.
//! `//@unroll k 0 TILE` up to `//@end` is a block to be written out for each `k`, since a loop costs a counter.

macro_rules! files {
    ($($(#[$doc:meta])* $name:ident: $path:literal after [$($part:ident),*];)*) => {
        /// A file of WGSL.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Shader {
            $($(#[$doc])* $name,)*
        }

        impl Shader {
            /// Every file.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its path in this package.
            pub fn path(self) -> &'static str {
                match self {
                    $(Self::$name => $path,)*
                }
            }

            /// Its text.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("../", $path)),)*
                }
            }

            /// The files that it builds on, which do not build on others.
            pub fn parts(self) -> &'static [Self] {
                match self {
                    $(Self::$name => &[$(Self::$part),*],)*
                }
            }
        }
    };
}

files! {
    /// Part of every kernel: its parameters, and which workgroup it is.
    Launch: "parts/launch.wgsl" after [];
    /// Part: functions of floats.
    Float: "parts/float.wgsl" after [];
    /// Part: functions of integers and bytes.
    Integer: "parts/integer.wgsl" after [];
    /// Part: where elements of strided views lie.
    Position: "parts/position.wgsl" after [];
    /// Part: telling the host about an index out of range.
    Report: "parts/report.wgsl" after [];
    /// Part: folding elements.
    Fold: "parts/fold.wgsl" after [];
    /// Part: Philox 4x32-10.
    Philox: "parts/philox.wgsl" after [];
    /// Random numbers.
    Random: "random.wgsl" after [Launch, Philox];
    /// Folds over axes, one thread a fold.
    ReduceThread: "reduce_thread.wgsl" after [Launch, Float, Position, Fold];
    /// Folds over axes, one workgroup a fold.
    ReduceGroup: "reduce_group.wgsl" after [Launch, Float, Position, Fold];
    /// Part: products of matrices by tiles.
    Tile: "parts/tile.wgsl" after [];
    /// Part: teams of threads that share a fold.
    Team: "parts/team.wgsl" after [];
    /// Part: rows, with a team for each.
    Rows: "parts/row.wgsl" after [];
    /// Part: windows that slide over three axes.
    Window: "parts/window.wgsl" after [];
    /// Part: the order of pairs that are sorted.
    Ordered: "parts/ordered.wgsl" after [];
    /// Matrix products by tiles.
    MatMulTile: "matmul_tile.wgsl" after [Launch, Position, Tile];
    /// Matrix products, a team of threads for each element.
    MatMulDot: "matmul_dot.wgsl" after [Launch, Position, Team];
    /// The second pass of products whose sums were split.
    SplitSum: "split_sum.wgsl" after [Launch];
    /// Convolution and its gradients, as products by tiles.
    Conv: "conv.wgsl" after [Launch, Tile];
    /// Largest elements of windows.
    PoolMax: "pool_max.wgsl" after [Launch, Float, Window];
    /// Their gradient.
    PoolMaxGrad: "pool_max_grad.wgsl" after [Launch, Window, Report];
    /// Means of windows.
    PoolMean: "pool_mean.wgsl" after [Launch, Window];
    /// Their gradient.
    PoolMeanGrad: "pool_mean_grad.wgsl" after [Launch, Window];
    /// Softmax and its kin.
    Row: "row.wgsl" after [Launch, Float, Position, Team, Rows];
    /// Cross-entropy of rows.
    RowCrossEntropy: "row_cross_entropy.wgsl" after [Launch, Float, Position, Report, Team, Rows];
    /// Running folds of lines.
    Scan: "scan.wgsl" after [Launch, Float, Position];
    /// One operand of a concatenation.
    Concat: "concat.wgsl" after [Launch, Position];
    /// Elements among constants.
    Pad: "pad.wgsl" after [Launch];
    /// Elements picked by index.
    Gather: "gather.wgsl" after [Launch, Position, Report];
    /// Elements put by index.
    Scatter: "scatter.wgsl" after [Launch, Float, Position, Report];
    /// Sorts blocks of lines.
    SortBlock: "sort_block.wgsl" after [Launch, Float, Position, Ordered];
    /// Merges sorted runs.
    SortMerge: "sort_merge.wgsl" after [Launch, Ordered];
    /// Picks elements in their order.
    SortPick: "sort_pick.wgsl" after [Launch, Position];
    /// Attention.
    Attention: "attention.wgsl" after [Launch, Float, Position];
}
