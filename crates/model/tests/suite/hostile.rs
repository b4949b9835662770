//! Files that lie: each is refused with its code, and before a tensor is allocated.

use tensorkeep_format::LoadLimits;
use tensorkeep_format::{
    Architecture, Axis, DType, Input, Kind, Manifest, Map, Op, Output, Raw, Shape, Tensor as Line, Value,
};
use tensorkeep_model::{CostLimits, LayerRegistry, LoadOptions, LoadedModel, Save, load_into};
use tensorkeep_tensor::Tensor;

use crate::files::{anyone, bag, code, folder};

/// A dense layer from 3 to 2, a flattening, and a relu.
fn good() -> Manifest {
    let mut manifest = Manifest::new(Kind::Model, "acme/net");
    let line = |name, dims: &[u64]| {
        let bytes = vec![0; dims.iter().product::<u64>() as usize * 4];
        Line::new(name, DType::F32, Shape::new(dims).unwrap(), &bytes).unwrap()
    };
    let weight = manifest.push(line("w", &[2, 3])).unwrap() as u32;
    let bias = manifest.push(line("b", &[2])).unwrap() as u32;
    let op = |name: &str, input: u32| Op {
        name: name.into(),
        inputs: vec![input],
        results: None,
        version: 1,
        weights: Map::new(),
        parameters: Map::new(),
    };
    let mut dense = op("nn.dense", 0);
    dense.weights = [("weight", weight), ("bias", bias)].into_iter().collect();
    let settings = [("inputs", Value::Int(3)), ("outputs", Value::Int(2)), ("bias", Value::Bool(true))];
    dense.parameters = settings.into_iter().collect();
    let input = Input {
        name: "x".into(),
        dtype: DType::F32,
        range: None,
        shape: vec![Axis::Any, Axis::Size(3)],
        nonfinite: false,
    };
    let output = Output {
        name: "y".into(),
        dtype: DType::F32,
        shape: vec![Axis::Any, Axis::Size(2)],
        value: 3,
        labels: Vec::new(),
    };
    manifest.architecture = Some(Architecture {
        ops: vec![dense, op("nn.flatten", 1), op("nn.relu", 2)],
        inputs: vec![input],
        outputs: vec![output],
    });
    manifest
}

fn graph(manifest: &mut Manifest) -> &mut Architecture {
    manifest.architecture.as_mut().unwrap()
}

fn set(manifest: &mut Manifest, name: &str, value: Value) {
    graph(manifest).ops[0].parameters.insert(name, value);
}

/// A layer without tensors in front of the others, which take an input of this shape.
fn front(manifest: &mut Manifest, name: &str, settings: &[(&str, Value)], shape: &[u64]) {
    let graph = graph(manifest);
    graph.ops.truncate(1);
    graph.inputs[0].shape = shape.iter().map(|&size| Axis::Size(size)).collect();
    let settings = settings.iter().map(|(name, value)| (*name, value.clone())).collect();
    let op = Op { name: name.into(), parameters: settings, weights: Map::new(), ..graph.ops[0].clone() };
    graph.ops.insert(0, op);
    graph.ops[1].inputs = vec![1];
    graph.outputs[0].value = 2;
}

/// A pooling layer with one of its settings changed.
fn pool(manifest: &mut Manifest, changed: &str, value: Value) {
    let list = |n| Value::List(vec![Value::Int(n)]);
    let mut settings = [
        ("kernel", list(2)),
        ("stride", list(2)),
        ("dilation", list(1)),
        ("padding", Value::Text("valid".into())),
        ("ceil_mode", Value::Bool(false)),
    ];
    for (name, each) in &mut settings {
        if *name == changed {
            *each = value.clone();
        }
    }
    front(manifest, "nn.max_pool1d", &settings, &[1, 2, 6]);
}

/// The code of a load of the file that the manifest describes, all of whose tensors are zero.
fn load(name: &str, manifest: &Manifest, options: &LoadOptions<'_>) -> &'static str {
    // Tests run side by side.
    let path = folder(&format!("hostile, {name}")).join("model.tkm");
    let tensors: Vec<Vec<u8>> =
        manifest.tensors.iter().map(|tensor| vec![0; tensor.length as usize]).collect();
    let mut file = Vec::new();
    if let Err(error) = tensorkeep_format::write(&mut file, manifest, None, tensors.iter().map(Vec::as_slice))
    {
        // The writer refuses with the code of the reader.
        return error.code().as_str();
    }
    tensorkeep_storage::write(&path, &file).unwrap();
    let device = tensorkeep_cpu::device();
    let result = LoadedModel::load(&path, &LayerRegistry::standard(), &device, options);
    if let Err(error) = &result {
        assert!(error.to_string().len() < 1000 && !error.to_string().contains('\u{1b}'), "{name}: {error}");
    }
    code(result)
}

type Change = fn(&mut Manifest);

#[test]
fn graphs_that_lie() {
    let rows: &[(&str, Change, &str)] = &[
        ("nothing", |_| {}, "ok"),
        ("unknown layer", |m| graph(m).ops[2].name = "nn.magic".into(), "E_LAYER"),
        ("name of code", |m| graph(m).ops[2].name = "std::process".into(), "E_LAYER"),
        ("name that a terminal runs", |m| graph(m).ops[2].name = "\u{1b}[2J".into(), "E_NAME"),
        ("name that a format runs", |m| graph(m).ops[2].name = "nn.{}%n".into(), "E_LAYER"),
        ("version 0", |m| graph(m).ops[0].version = 0, "E_LAYER"),
        ("version 2", |m| graph(m).ops[0].version = 2, "E_LAYER"),
        ("setting missing", |m| graph(m).ops[0].parameters = Map::new(), "E_LAYER"),
        ("setting too many", |m| set(m, "url", Value::Text("http://x".into())), "E_LAYER"),
        (
            "setting of a function",
            |m| {
                graph(m).ops[2].parameters.insert("x", Value::Bool(true));
            },
            "E_LAYER",
        ),
        ("setting of another type", |m| set(m, "inputs", Value::Text("3".into())), "E_LAYER"),
        ("setting of bytes", |m| set(m, "inputs", Value::Bytes(vec![3])), "E_LAYER"),
        ("setting that is null", |m| set(m, "inputs", Value::Null), "E_LAYER"),
        ("negative size", |m| set(m, "inputs", Value::Int(-3)), "E_LAYER"),
        ("no size", |m| set(m, "inputs", Value::Int(0)), "E_LAYER"),
        ("size of no shape", |m| set(m, "inputs", Value::Int(i64::MAX)), "E_LAYER"),
        ("size of a huge shape", |m| set(m, "inputs", Value::Int(1 << 40)), "E_COST"),
        ("another size", |m| set(m, "inputs", Value::Int(4)), "E_GRAPH"),
        ("a tensor of a layer without", |m| set(m, "bias", Value::Bool(false)), "E_GRAPH"),
        (
            "probability of 2",
            |m| front(m, "nn.dropout", &[("probability", Value::Float(2.0))], &[1, 3]),
            "E_LAYER",
        ),
        (
            "epsilon of 0",
            |m| {
                front(
                    m,
                    "nn.layer_norm",
                    &[("features", Value::Int(3)), ("epsilon", Value::Float(0.0))],
                    &[1, 3],
                );
            },
            "E_LAYER",
        ),
        ("pooling that fits", |m| pool(m, "", Value::Null), "E_GRAPH"), // its result has another rank than is declared
        ("kernel of another rank", |m| pool(m, "kernel", Value::List(vec![Value::Int(2); 2])), "E_LAYER"),
        ("kernel of 0", |m| pool(m, "kernel", Value::List(vec![Value::Int(0)])), "E_GRAPH"),
        ("kernel beyond the input", |m| pool(m, "kernel", Value::List(vec![Value::Int(7)])), "E_GRAPH"),
        ("stride of 0", |m| pool(m, "stride", Value::List(vec![Value::Int(0)])), "E_GRAPH"),
        (
            "padding beyond the kernel",
            |m| {
                pool(m, "padding", Value::List(vec![Value::Int(i64::MAX), Value::Int(i64::MAX)]));
            },
            "E_GRAPH",
        ),
        (
            "negative padding",
            |m| pool(m, "padding", Value::List(vec![Value::Int(-1), Value::Int(0)])),
            "E_LAYER",
        ),
        ("circle", |m| graph(m).ops[0].inputs = vec![1], "E_GRAPH"),
        ("input of itself", |m| graph(m).ops[1].inputs = vec![2], "E_GRAPH"),
        ("dangling input", |m| graph(m).ops[1].inputs = vec![99], "E_GRAPH"),
        ("skipped operation", |m| graph(m).ops[2].inputs = vec![1], "E_GRAPH"),
        ("two inputs of one", |m| graph(m).ops[2].inputs = vec![2, 2], "E_GRAPH"),
        ("two results of one", |m| graph(m).ops[2].results = Some(2), "E_GRAPH"),
        ("output in the middle", |m| graph(m).outputs[0].value = 1, "E_GRAPH"),
        ("no input", |m| graph(m).inputs.clear(), "E_GRAPH"),
        ("no output", |m| graph(m).outputs.clear(), "E_GRAPH"),
        ("output of another shape", |m| graph(m).outputs[0].shape[1] = Axis::Size(3), "E_GRAPH"),
        ("output of another dtype", |m| graph(m).outputs[0].dtype = DType::F64, "E_GRAPH"),
        ("input of another shape", |m| graph(m).inputs[0].shape[1] = Axis::Size(4), "E_GRAPH"),
        ("input of another dtype", |m| graph(m).inputs[0].dtype = DType::F64, "E_GRAPH"),
        ("input of a dtype that tensors lack", |m| graph(m).inputs[0].dtype = DType::U64, "E_DTYPE"),
        ("tensor of a dtype that tensors lack", |m| m.tensors[1] = other(DType::U32, &[2], m), "E_DTYPE"),
        ("tensor of integers", |m| m.tensors[1] = other(DType::I32, &[2], m), "E_GRAPH"),
        ("tensor of another shape", |m| m.tensors[1] = other(DType::F32, &[1, 2], m), "E_GRAPH"),
        (
            "tensor in two places",
            |m| {
                graph(m).ops[0].weights.insert("bias", 0);
            },
            "E_GRAPH",
        ),
        (
            "tensor that is missing",
            |m| {
                graph(m).ops[0].weights.insert("bias", 9);
            },
            "E_GRAPH",
        ),
        (
            "tensor without an owner",
            |m| graph(m).ops[0].weights = [("weight", 0)].into_iter().collect(),
            "E_GRAPH",
        ),
        (
            "tensor of another role",
            |m| {
                graph(m).ops[0].weights = [("weight", 0), ("gate", 1)].into_iter().collect();
            },
            "E_GRAPH",
        ),
        ("ties that are none", |m| ties(m, Value::Int(1)), "E_GRAPH"),
        ("tie to a tensor that is missing", |m| ties(m, tie("x", 9, 0, "bias")), "E_GRAPH"),
        ("tie in a place that is taken", |m| ties(m, tie("x", 0, 0, "bias")), "E_GRAPH"),
        ("tie to a layer that is missing", |m| ties(m, tie("x", 0, 9, "bias")), "E_GRAPH"),
        ("negative tie", |m| ties(m, tie("x", -1, -1, "bias")), "E_GRAPH"),
    ];
    for (name, change, want) in rows {
        let mut manifest = good();
        change(&mut manifest);
        assert_eq!(load(name, &manifest, &anyone()), *want, "{name}");
    }
}

/// A tensor in the place of the second one.
fn other(dtype: DType, dims: &[u64], manifest: &Manifest) -> Line {
    let shape = Shape::new(dims).unwrap();
    let bytes = vec![0; (dtype.size() * shape.elements()) as usize];
    Line { offset: manifest.tensors[1].offset, ..Line::new("b", dtype, shape, &bytes).unwrap() }
}

fn ties(manifest: &mut Manifest, value: Value) {
    manifest.extensions.insert("tensorkeep.ties", Raw::of(&value, &LoadLimits::default()).unwrap());
}

fn tie(name: &str, tensor: i64, op: i64, role: &str) -> Value {
    Value::List(vec![Value::List(vec![
        Value::Text(name.into()),
        Value::Int(tensor),
        Value::Int(op),
        Value::Text(role.into()),
    ])])
}

#[test]
fn models_that_cost_too_much() {
    let limits =
        |parameters, activations, batch| anyone().cost(CostLimits { parameters, activations, batch });
    // 8 numbers; results of 12 + 8 + 8 + 8 bytes.
    let rows = [
        ("as much as allowed", limits(8, 36, 1), "ok"),
        ("a parameter less", limits(7, 36, 1), "E_COST"),
        ("a byte less", limits(8, 35, 1), "E_COST"),
        ("a batch", limits(8, 36, 2), "E_COST"),
        ("a batch that nothing can hold", limits(8, u64::MAX, usize::MAX), "E_COST"),
    ];
    for (name, options, want) in rows {
        assert_eq!(load(name, &good(), &options), want, "{name}");
    }
    // An input that is declared to be huge.
    let mut manifest = good();
    graph(&mut manifest).inputs[0].shape = vec![Axis::Size(1 << 39), Axis::Size(3)];
    assert_eq!(load("input", &manifest, &anyone()), "E_COST");
}

#[test]
fn tensors_of_another_model() {
    let path = folder("lists").join("model.tkm");
    let device = tensorkeep_cpu::device();
    let tensor = |sizes: &[usize], dtype| Tensor::zeros(sizes, dtype, &device).unwrap();
    use tensorkeep_tensor::DType::{F16, F32, I32};
    bag([tensor(&[2], F32), tensor(&[], I32)]).save(&path).unwrap();
    let rows = [
        ("the same", vec![tensor(&[2], F32), tensor(&[], I32)], "ok", "ok"),
        ("missing", vec![tensor(&[2], F32)], "E_MISMATCH", "ok"),
        ("extra", vec![tensor(&[2], F32), tensor(&[], I32), tensor(&[], I32)], "E_MISMATCH", "ok"),
        ("longer", vec![tensor(&[3], F32), tensor(&[], I32)], "E_MISMATCH", "E_MISMATCH"),
        ("of a further axis", vec![tensor(&[2, 1], F32), tensor(&[], I32)], "E_MISMATCH", "E_MISMATCH"),
        ("of half the bytes", vec![tensor(&[2], F16), tensor(&[], I32)], "E_MISMATCH", "E_MISMATCH"),
        ("of another kind", vec![tensor(&[2], F32), tensor(&[], F32)], "E_MISMATCH", "E_MISMATCH"),
        ("in another order", vec![tensor(&[], I32), tensor(&[2], F32)], "E_MISMATCH", "E_MISMATCH"),
    ];
    for (name, tensors, strict, partial) in rows {
        let mut model = bag(tensors);
        assert_eq!(code(load_into(&mut model, &path, &anyone())), strict, "{name}");
        assert_eq!(code(load_into(&mut model, &path, &anyone().partial())), partial, "{name}, in part");
    }
    let mut model = bag([tensor(&[2], F32)]);
    let report = load_into(&mut model, &path, &anyone().partial()).unwrap();
    assert_eq!(
        (report.loaded, report.missing.len(), report.unexpected),
        (vec!["tensors.0".into()], 0, vec!["tensors.1".to_owned()])
    );
    let mut model = bag([tensor(&[2], F32), tensor(&[], I32), tensor(&[], I32)]);
    let report = load_into(&mut model, &path, &anyone().partial()).unwrap();
    assert_eq!((report.missing, report.unexpected.len()), (vec!["tensors.2".to_owned()], 0));
}
