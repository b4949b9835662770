//! Layers beside, around and after each other.

use serde_json::Value;
use tensorkeep_nn::layers::Dense;
use tensorkeep_nn::{
    Boxed, Checkpointed, Context, Merge, PairwiseFusion, Parallel, Sequential, SkipConnection,
};
use tensorkeep_tensor::{Result, Tensor};

use crate::group::{ALL, Group};
use crate::{Row, rng};

pub(crate) const GROUP: Group =
    Group { json: include_str!("../golden/containers.json"), tolerances: ALL, row };

#[test]
fn containers_are_pytorchs() {
    GROUP.check();
}

fn merge(name: &str) -> Merge {
    match name.rsplit('_').next() {
        Some("add") => Merge::Add,
        Some("mul") => Merge::Mul,
        Some("mean") => Merge::Mean,
        Some("max") => Merge::Max,
        Some("concat") => Merge::Concat(1),
        _ => panic!("no row for {name}"),
    }
}

fn row(name: &str, _: &Value) -> Result<Row> {
    let rng = &mut rng();
    let cx = Context::evaluation();
    let mut dense = |inputs, outputs| Dense::new(inputs, outputs, rng);
    Ok(match name {
        "parallel_of_pairs" => {
            let pair = Parallel::new(Merge::Add).branch(dense(3, 2)?).branch(dense(4, 2)?);
            Row::of(pair, move |pair, x, _| Ok(vec![pair.forward_many(&[&x[0], &x[1]], &cx)?]))
        }
        "maxout" => Row::layer(Parallel::maxout(3, || dense(3, 2))?),
        "pairwise_fusion" => {
            Row::layer(PairwiseFusion::new(Merge::Add).then(dense(2, 2)?).then(dense(2, 2)?))
        }
        "pairwise_fusion_of_pairs" => {
            let fusion = PairwiseFusion::new(Merge::Mul).then(dense(3, 2)?).then(dense(2, 4)?);
            Row::of(fusion, move |fusion, x, _| fusion.forward_many(&[&x[0], &x[1]], &cx))
        }
        "sequential" => {
            let chain = Sequential::new().then(dense(3, 4)?).then(Tensor::tanh);
            Row::layer(chain.then_named("head", dense(4, 2)?)?)
        }
        "tuple" => Row::layer((dense(3, 4)?, Tensor::tanh, dense(4, 2)?)),
        "vector" => {
            let layers = [Boxed::new(dense(3, 4)?), Boxed::new(Tensor::tanh), Boxed::new(dense(4, 2)?)];
            Row::layer(layers.to_vec())
        }
        "checkpointed" => Row::layer(Checkpointed((dense(3, 4)?, Tensor::tanh, dense(4, 2)?))),
        _ if name.starts_with("parallel") => {
            let both = Parallel::new(merge(name)).branch(dense(3, 2)?);
            Row::layer(both.branch_named("wide", (dense(3, 2)?, Tensor::tanh))?)
        }
        _ if name.starts_with("skip_connection") => {
            Row::layer(SkipConnection { layer: dense(2, 2)?, merge: merge(name) })
        }
        _ => panic!("no row for {name}"),
    })
}
