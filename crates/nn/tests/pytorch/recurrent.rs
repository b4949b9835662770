//! Recurrent layers from given states, alone, and two upon each other in both directions over packed
//! sequences.

use serde_json::Value;
use tensorkeep_nn::layers::{
    Cell, GruCell, GruV3Cell, LstmCell, LstmState, Recurrence, RecurrentStack, RnnCell,
};
use tensorkeep_nn::{Boxed, Context};
use tensorkeep_tensor::{Result, Tensor};

use crate::group::{Group, WIDE};
use crate::{Row, rng};

pub(crate) const GROUP: Group =
    Group { json: include_str!("../golden/recurrent.json"), tolerances: WIDE, row };

#[test]
fn recurrent_layers_are_pytorchs() {
    GROUP.check();
}

/// The parts that PyTorch keeps apart.
trait Parts: Sized {
    fn of(parts: &[Tensor]) -> Self;
    fn parts(&self) -> Vec<Tensor>;
}

impl Parts for Tensor {
    fn of(parts: &[Tensor]) -> Self {
        parts[0].clone()
    }

    fn parts(&self) -> Vec<Tensor> {
        vec![self.clone()]
    }
}

impl Parts for LstmState {
    fn of(parts: &[Tensor]) -> Self {
        Self { hidden: parts[0].clone(), cell: parts[1].clone() }
    }

    fn parts(&self) -> Vec<Tensor> {
        vec![self.hidden.clone(), self.cell.clone()]
    }
}

/// A state a cell, of parts that are each `[cells, batch, features]`.
fn states<S: Parts>(parts: &[Tensor]) -> Result<Vec<S>> {
    let of_cell = |i: usize| parts.iter().map(|part| part.at(0, i)).collect::<Result<Vec<_>>>();
    (0..parts[0].shape()[0]).map(|i| Ok(S::of(&of_cell(i)?))).collect()
}

/// The outputs, and the parts of all last states.
fn results<S: Parts>(y: Tensor, last: &[S]) -> Result<Vec<Tensor>> {
    let parts: Vec<Vec<Tensor>> = last.iter().map(S::parts).collect();
    let joined = |part: usize| Tensor::stack(&parts.iter().map(|parts| &parts[part]).collect::<Vec<_>>(), 0);
    std::iter::once(Ok(y)).chain((0..parts[0].len()).map(joined)).collect()
}

fn one<C: Cell<State: Parts>>(cell: C) -> Row {
    Row::of(Recurrence { cell }, |layer, x, _| {
        let (y, last) = layer.run(&x[0], states(&x[1..])?.first())?;
        results(y, &[last])
    })
}

fn packed<C: Cell<State: Parts>>(stack: RecurrentStack<C>, settings: &Value) -> Row {
    let lengths = settings["lengths"].as_array().unwrap().iter();
    let lengths: Vec<usize> = lengths.map(|n| n.as_u64().unwrap() as usize).collect();
    Row::of(stack, move |stack, x, _| {
        let (y, last) = stack.run_packed(&x[0], &lengths, Some(&states(&x[1..])?), &Context::evaluation())?;
        results(y, &last)
    })
}

fn row(name: &str, settings: &Value) -> Result<Row> {
    let rng = &mut rng();
    Ok(match name {
        "rnn" => one(RnnCell::new(3, 4, rng)?),
        "lstm" => one(LstmCell::new(3, 4, rng)?),
        "gru" => one(GruCell::new(3, 4, rng)?),
        "gru_v3" => one(GruV3Cell::new(3, 4, rng)?),
        "rnn_stack_tanh" => {
            packed(RecurrentStack::bidirectional(2, 2, |n| RnnCell::new(n, 2, rng))?, settings)
        }
        "rnn_stack_relu" => {
            let cell = |n| Ok(RnnCell { activation: Boxed::new(Tensor::relu), ..RnnCell::new(n, 2, rng)? });
            packed(RecurrentStack::bidirectional(2, 2, cell)?, settings)
        }
        "lstm_stack" => packed(RecurrentStack::bidirectional(2, 2, |n| LstmCell::new(n, 2, rng))?, settings),
        "gru_stack" => packed(RecurrentStack::bidirectional(2, 2, |n| GruCell::new(n, 2, rng))?, settings),
        "gru_stack_unbiased_one_way" => {
            let cell = |n| Ok(GruCell { input_bias: None, hidden_bias: None, ..GruCell::new(n, 2, rng)? });
            packed(RecurrentStack::new(2, 2, cell)?, settings)
        }
        "gru_v3_stack" => {
            packed(RecurrentStack::bidirectional(2, 1, |n| GruV3Cell::new(n, 2, rng))?, settings)
        }
        _ => panic!("no row for {name}"),
    })
}
