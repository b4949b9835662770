//! What the suites of MLUtils and OneHotArrays say of data: every case of the area is a row.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use std::error::Error;

use serde_json::{Value, json};
use tensorkeep_data::{
    Classes, KFold, Loader, TensorDataset, TimeSeriesSplit, group_counts, one_cold, oversample,
    pad_sequences, pad_to, undersample,
};
use tensorkeep_tensor::{DType, HostArray, Tensor};
use tensorkeep_testkit::flux::{Case, Outcome, every_case};
use tensorkeep_testkit::golden::doubles;

type Found<T> = Result<T, Box<dyn Error>>;

#[test]
fn data_is_what_flux_says() {
    every_case("data", |case| {
        // Cases of a kind differ in what is behind its name.
        let kind = |name: &str| case.id().starts_with(name);
        match case.id() {
            _ if kind("batch_sequence") => batch_sequence(case),
            _ if kind("batchseq") => batchseq(case),
            _ if kind("chunk") => chunk(case),
            _ if kind("dataloader") => dataloader(case),
            _ if kind("group_counts") => counts(case),
            _ if kind("kfolds") => kfolds(case),
            _ if kind("onecold") => onecold(case),
            _ if kind("onehot_matmul") => onehot_matmul(case),
            _ if kind("onehot") => onehot(case),
            _ if kind("oversample") => oversampled(case),
            _ if kind("undersample") => undersampled(case),
            _ if kind("rpad_constant") => rpad_constant(case),
            _ if kind("searchsorted") => searchsorted(case),
            _ if kind("timeseries") => timeseries(case),
            _ => case.unknown(),
        }
    });
}

fn list(value: &Value) -> Found<&Vec<Value>> {
    value.as_array().ok_or_else(|| format!("{value} is no list").into())
}

fn size(value: &Value) -> Found<usize> {
    Ok(usize::try_from(value.as_u64().ok_or_else(|| format!("{value} is no size"))?)?)
}

fn sizes(value: &Value) -> Found<Vec<usize>> {
    list(value)?.iter().map(size).collect()
}

fn texts(value: &Value) -> Found<Vec<String>> {
    // Labels of any kind compare as what they are written as.
    Ok(list(value)?.iter().map(Value::to_string).collect())
}

fn arrays(value: &Value) -> Found<Vec<HostArray>> {
    list(value)?.iter().map(|item| Ok(doubles(item)?.to_host()?)).collect()
}

fn tensor(array: HostArray) -> Found<Tensor> {
    Ok(Tensor::from_host(array, &tensorkeep_cpu::device())?)
}

fn equal<T: PartialEq + std::fmt::Debug>(got: &T, want: &T) -> Outcome {
    if got == want { Ok(()) } else { Err(format!("{got:?}, where {want:?} is due").into()) }
}

fn batch_sequence(case: &Case) -> Outcome {
    let pad = case.param("pad").as_f64().unwrap_or(0.0);
    case.expect(&tensor(pad_sequences(&arrays(case.input("seqs"))?, pad)?.values)?)
}

/// Flux's are time first.
fn batchseq(case: &Case) -> Outcome {
    let (sequences, pads) = (arrays(case.input("seqs"))?, doubles(case.param("pad"))?);
    let many = pads.rank() == 1;
    for (i, pad) in pads.to_vec::<f64>()?.into_iter().enumerate() {
        let batch = tensor(pad_sequences(&sequences, pad)?.values)?.transpose(0, 1)?;
        case.same(&batch, if many { &case.expected()[i] } else { case.expected() })?;
    }
    Ok(())
}

fn chunk(case: &Case) -> Outcome {
    let x = doubles(case.input("x"))?;
    let axis = case.param("axis").as_i64().unwrap_or(0) as isize;
    let named =
        |name: &str| [case.input(name), case.param(name)].into_iter().find_map(|value| size(value).ok());
    let parts = match (named("size"), named("n")) {
        (Some(size), _) => x.chunks(axis, size)?,
        (None, Some(count)) => x.chunk(axis, count)?,
        (None, None) => return case.unknown(),
    };
    equal(&parts.len(), &list(case.expected())?.len())?;
    parts.iter().zip(list(case.expected())?).try_for_each(|(part, want)| case.same(part, want))
}

fn dataloader(case: &Case) -> Outcome {
    let x = doubles(case.input("x"))?.to_host()?;
    let set = TensorDataset::new(x.clone(), x)?;
    let loader = Loader::new(set, size(case.param("batch_size"))?, &tensorkeep_cpu::device())?;
    for (name, loader) in [("partial", loader.clone()), ("drop_last", loader.drop_last())] {
        let want = list(&case.expected()[name])?;
        equal(&loader.batches(), &want.len())?;
        for (batch, want) in loader.epoch(0).zip(want) {
            case.same(&batch?.0, want)?;
        }
    }
    Ok(())
}

fn counts(case: &Case) -> Outcome {
    let labels: Vec<String> = list(case.input("x"))?
        .iter()
        .map(|label| label.as_str().map_or_else(|| label.to_string(), str::to_owned))
        .collect();
    equal(&json!(group_counts(&labels)), case.expected())
}

fn kfolds(case: &Case) -> Outcome {
    let (n, k) = (sizes(case.input("n"))?, sizes(case.input("k"))?);
    for ((n, k), want) in n.into_iter().zip(k).zip(list(case.expected())?) {
        let folds: Vec<_> = KFold::new(k).of(n)?.collect();
        let held: Vec<usize> = folds.iter().map(|fold| fold.held_out.len()).collect();
        equal(&held, &sizes(want)?)?;
        equal(&folds.iter().all(|fold| fold.train.len() + fold.held_out.len() == n), &true)?;
    }
    Ok(())
}

fn onecold(case: &Case) -> Outcome {
    let found = one_cold(&doubles(case.input("x"))?.to_host()?);
    match case.expected().as_str() {
        Some("error") => equal(&found.is_err(), &true),
        _ => case.expect(&tensor(found?)?),
    }
}

fn onehot(case: &Case) -> Outcome {
    let mut classes = Classes::new(texts(case.input("labels"))?)?;
    let x = case.input("x");
    let labels = if x.is_array() { texts(x)? } else { vec![x.to_string()] };
    let default = case.input("default");
    if !default.is_null() {
        let unknown = labels.iter().any(|label| classes.number(label.as_str()).is_err());
        equal(&classes.encode(&labels).is_err(), &unknown)?;
        classes = classes.with_default(&default.to_string())?;
    }
    let hot = tensor(classes.one_hot(&labels)?)?;
    case.expect(&if x.is_array() { hot } else { hot.squeeze(0)? })
}

/// A product with one-hot columns picks columns: here `take`, by class. The matrix and the labels are those of the documentation.
fn onehot_matmul(case: &Case) -> Outcome {
    let classes = Classes::new('a'..='e')?.with_default(&'e')?;
    let word: Vec<char> = case.input("word").as_str().unwrap_or_default().chars().collect();
    let cpu = tensorkeep_cpu::device();
    let columns = (Tensor::arange(15, DType::F64, &cpu)? + 1.0)?.reshape([5, 3])?;
    let picked = columns.take(0, &tensor(classes.encode(&word)?)?)?;
    case.expect(&picked)?;
    let product = tensor(classes.one_hot(&word)?)?.to_dtype(DType::F64)?.matmul(&columns)?;
    case.expect(&product)
}

fn oversampled(case: &Case) -> Outcome {
    let classes = texts(case.input("classes"))?;
    let fraction = case.param("fraction").as_f64().unwrap_or(1.0);
    let chosen = oversample(&classes, fraction, 0)?;
    equal(&chosen.len(), &size(&case.expected()["n"])?)?;
    equal(&chosen[classes.len()..].to_vec(), &sizes(&case.expected()["extra_index"])?)
}

fn undersampled(case: &Case) -> Outcome {
    let classes = texts(case.input("classes"))?;
    let chosen = undersample(&classes, 0)?;
    equal(&chosen.len(), &size(&case.expected()["n"])?)?;
    let labels: Vec<&String> = chosen.iter().map(|&i| &classes[i]).collect();
    let counts = group_counts(&labels);
    equal(&counts.len(), &group_counts(&classes).len())?;
    equal(&counts.values().all(|count| Some(count) == counts.values().next()), &true)
}

fn rpad_constant(case: &Case) -> Outcome {
    let value = [case.param("value"), case.input("value")].into_iter().find_map(Value::as_f64).unwrap_or(0.0);
    for ((x, n), want) in
        arrays(case.input("x"))?.iter().zip(sizes(case.input("n"))?).zip(list(case.expected())?)
    {
        case.same(&tensor(pad_to(x, 0, n, value)?)?, want)?;
    }
    Ok(())
}

fn searchsorted(case: &Case) -> Outcome {
    let (sorted, values) = (doubles(case.input("sorted"))?, doubles(case.input("v"))?);
    case.same(&sorted.searchsorted(&values, false)?, &case.expected()["left"])?;
    case.same(&sorted.searchsorted(&values, true)?, &case.expected()["right"])
}

fn timeseries(case: &Case) -> Outcome {
    let (n, k) = (size(case.input("n"))?, size(case.input("k"))?);
    let plain = TimeSeriesSplit::new(k);
    let rows = [
        ("train", plain),
        ("train_gap1", TimeSeriesSplit { gap: 1, ..plain }),
        ("train_max2", TimeSeriesSplit { max_train: Some(2), ..plain }),
    ];
    let range = |numbers: &[usize]| json!([numbers[0], numbers[numbers.len() - 1] + 1]);
    for (name, split) in rows {
        let folds: Vec<_> = split.of(n)?.collect();
        let train: Vec<Value> = folds.iter().map(|fold| range(&fold.train)).collect();
        let held: Vec<Value> = folds.iter().map(|fold| range(&fold.held_out)).collect();
        equal(&json!(train), &case.expected()[name])?;
        equal(&json!(held), &case.expected()["val"])?;
    }
    Ok(())
}
