//! Files that lie: each is refused with its code, and before a tensor is allocated.

use tensorkeep_format::LoadLimits;
use tensorkeep_format::{
    Architecture, Axis, DType, Input, Kind, Manifest, Map, Op, Output, Raw, Shape, Tensor as Line, Value,
    Writer,
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
    attempt(name, manifest, options, &LoadLimits::default()).0
}

/// The code and the message of loading what was written within these limits.
fn attempt(
    name: &str,
    manifest: &Manifest,
    options: &LoadOptions<'_>,
    limits: &LoadLimits,
) -> (&'static str, String) {
    // Tests run side by side.
    let path = folder(&format!("hostile, {name}")).join("model.tkm");
    let mut file = Vec::new();
    let written = Writer::new(&mut file, manifest, None, limits).and_then(|mut writer| {
        let mut tensors = manifest.tensors.iter();
        tensors.try_for_each(|tensor| writer.update(&vec![0; tensor.length as usize]))?;
        writer.finish()
    });
    if let Err(error) = written {
        // The writer refuses with the code of the reader.
        return (error.code().as_str(), error.to_string());
    }
    tensorkeep_storage::write(&path, &file).unwrap();
    let device = tensorkeep_cpu::device();
    let result = LoadedModel::load(&path, &LayerRegistry::standard(), &device, options);
    let message = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
    assert!(message.len() < 1000 && !message.contains('\u{1b}'), "{name}: {message}");
    (code(result), message)
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

/// A layer inside another, of the settings of the first operation.
fn inside(name: &str, version: i64, settings: Map<Value>) -> Value {
    let mut map = settings;
    map.insert("@layer", Value::Text(name.into()));
    map.insert("@version", Value::Int(version));
    Value::Map(map)
}

/// The dense layer inside a layer of this name, with what else that has.
fn around(
    manifest: &mut Manifest,
    name: &str,
    role: &str,
    settings: &[(&str, Value)],
    change: fn(&mut Value),
) {
    let op = &mut graph(manifest).ops[0];
    let mut inner = inside("nn.dense", 1, std::mem::take(&mut op.parameters));
    change(&mut inner);
    let is_list = ["nn.parallel", "nn.pairwise_fusion", "nn.sequential"].contains(&name);
    let inner = if is_list { ("layers", Value::List(vec![inner])) } else { ("layer", inner) };
    op.name = name.into();
    op.parameters = settings.iter().cloned().chain([inner]).collect();
    let role = |name: &str| format!("{role}.{name}");
    op.weights = [("weight", 0), ("bias", 1)].map(|(name, place)| (role(name), place)).into_iter().collect();
}

/// The same with one setting of the inner layer changed.
fn within(inner: &mut Value, name: &str, value: Value) {
    if let Value::Map(map) = inner {
        map.insert(name, value);
    }
}

/// So many layers inside of each other.
fn nested(deep: usize, name: &str) -> Value {
    (0..deep).fold(inside("nn.relu", 1, Map::new()), |inner, _| {
        let merge = ("merge", Value::Text("add".into()));
        inside(name, 1, [("layer", inner), merge].into_iter().collect())
    })
}

#[test]
fn layers_inside_that_lie() {
    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }
    fn parallel(m: &mut Manifest, settings: &[(&str, Value)], change: fn(&mut Value)) {
        around(m, "nn.parallel", "0", settings, change);
    }
    fn merged(m: &mut Manifest, change: fn(&mut Value)) {
        parallel(m, &[("merge", text("add"))], change);
    }
    fn set_layers(m: &mut Manifest, layers: Vec<Value>) {
        merged(m, |_| {});
        set(m, "layers", Value::List(layers));
    }
    fn replace_text(m: &mut Manifest, name: &str, value: Value) {
        merged(m, |_| {});
        set(m, name, value);
    }
    fn names(m: &mut Manifest, names: &[&str]) {
        replace_text(m, "names", Value::List(names.iter().map(|name| text(name)).collect()));
    }
    let rows: &[(&str, Change, &str)] = &[
        ("branches", |m| merged(m, |_| {}), "ok"),
        ("a chain", |m| around(m, "nn.sequential", "0", &[], |_| {}), "ok"),
        ("pairs", |m| around(m, "nn.pairwise_fusion", "0", &[("merge", text("mul"))], |_| {}), "ok"),
        ("no branches", |m| set_layers(m, Vec::new()), "E_LAYER"),
        (
            "no layers at all",
            |m| {
                around(m, "nn.skip_connection", "layer", &[("merge", text("add"))], |_| {});
                graph(m).ops[0].parameters = [("merge", text("add"))].into_iter().collect();
            },
            "E_LAYER",
        ),
        ("a branch too many", |m| set_layers(m, vec![nested(0, ""); 2]), "E_GRAPH"),
        ("a branch that is a number", |m| set_layers(m, vec![Value::Int(3)]), "E_LAYER"),
        ("a branch that is a name", |m| set_layers(m, vec![text("nn.relu")]), "E_LAYER"),
        ("branches that are one layer", |m| replace_text(m, "layers", nested(0, "")), "E_LAYER"),
        ("a name too many", |m| names(m, &["0", "one"]), "E_LAYER"),
        ("a name with a dot", |m| names(m, &["a.b"]), "E_LAYER"),
        ("a name of another place", |m| names(m, &["7"]), "E_LAYER"),
        ("a name that the tensors do not have", |m| names(m, &["left"]), "E_GRAPH"),
        ("a merge of no name", |m| replace_text(m, "merge", text("eval")), "E_LAYER"),
        ("a merge that is code", |m| replace_text(m, "merge", Value::Bytes(vec![0x90])), "E_LAYER"),
        ("a merge without its axis", |m| replace_text(m, "merge", text("concat")), "E_LAYER"),
        ("a merge of another arity", |m| replace_text(m, "axis", Value::Int(0)), "E_LAYER"),
        (
            "a merge along no axis",
            |m| {
                parallel(m, &[("merge", text("concat")), ("axis", Value::Int(i64::MIN))], |_| {});
            },
            "E_GRAPH",
        ),
        (
            "a merge of other shapes",
            |m| {
                around(m, "nn.skip_connection", "layer", &[("merge", text("add"))], |_| {});
            },
            "E_GRAPH",
        ), // 3 to 2
        ("a layer of no name inside", |m| merged(m, |x| within(x, "@layer", text("nn.magic"))), "E_LAYER"),
        ("a layer of a nameless name", |m| merged(m, |x| within(x, "@layer", Value::Int(1))), "E_LAYER"),
        ("a map that is no layer", |m| merged(m, |x| *x = Value::Map(Map::new())), "E_LAYER"),
        ("a version below 0", |m| merged(m, |x| within(x, "@version", Value::Int(-1))), "E_LAYER"),
        ("another version", |m| merged(m, |x| within(x, "@version", Value::Int(2))), "E_LAYER"),
        ("a version beyond all", |m| merged(m, |x| within(x, "@version", Value::Int(1 << 32))), "E_LAYER"),
        ("a setting too many inside", |m| merged(m, |x| within(x, "@code", text("x"))), "E_LAYER"),
        ("a setting of another type inside", |m| merged(m, |x| within(x, "inputs", Value::Null)), "E_LAYER"),
        (
            "a size of a huge shape inside",
            |m| merged(m, |x| within(x, "inputs", Value::Int(1 << 40))),
            "E_COST",
        ),
        ("another size inside", |m| merged(m, |x| within(x, "inputs", Value::Int(4))), "E_GRAPH"),
        (
            "as deep as allowed",
            |m| replace_text(m, "layers", Value::List(vec![nested(9, "nn.skip_connection")])),
            "E_GRAPH",
        ),
        (
            "deeper than allowed",
            |m| replace_text(m, "layers", Value::List(vec![nested(10, "nn.skip_connection")])),
            "E_DEPTH",
        ),
        (
            "absurdly deep",
            |m| replace_text(m, "layers", Value::List(vec![nested(1000, "nn.skip_connection")])),
            "E_DEPTH",
        ),
        (
            "a weight that is not there",
            |m| {
                around(m, "nn.weight_norm", "layer", &[("path", text("gate")), ("over", text("all"))], |_| {})
            },
            "E_LAYER",
        ),
        (
            "a weight of a path without end",
            |m| {
                around(
                    m,
                    "nn.weight_norm",
                    "layer",
                    &[("path", text(&"x.".repeat(2000))), ("over", text("all"))],
                    |_| {},
                )
            },
            "E_LAYER",
        ),
        (
            "a weight without its length",
            |m| {
                around(
                    m,
                    "nn.weight_norm",
                    "layer",
                    &[("path", text("weight")), ("over", text("all"))],
                    |_| {},
                )
            },
            "E_GRAPH",
        ),
        (
            "a network as an activation",
            |m| {
                let dense = graph(m).ops[0].parameters.clone();
                let inner = dense.iter().flat_map(|(name, value)| {
                    ["expand", "contract"].map(|part| (format!("{part}.{name}"), value.clone()))
                });
                let activation = ("activation".to_owned(), inside("nn.dense", 1, dense.clone()));
                let dropout = ("dropout".to_owned(), Value::Float(0.0));
                let settings = inner.chain([activation, dropout]).collect();
                graph(m).ops[0] =
                    Op { name: "nn.feed_forward".into(), parameters: settings, ..graph(m).ops[0].clone() };
            },
            "E_LAYER",
        ),
    ];
    for (name, change, want) in rows {
        let mut manifest = good();
        change(&mut manifest);
        assert_eq!(load(name, &manifest, &anyone()), *want, "{name}");
    }
}

/// Few bytes that stand for many layers, and many layers in few lists.
#[test]
fn layers_inside_are_counted() {
    let deep = LoadLimits { depth: 128, ..LoadLimits::default() };
    let few = LoadLimits { ops: 5, ..LoadLimits::default() };
    let list = |layer: Value, count: usize| Value::List(vec![layer; count]);
    let rows = [
        ("32 deep", nested(31, "nn.skip_connection"), deep.clone(), "E_GRAPH"),
        ("33 deep", nested(32, "nn.skip_connection"), deep.clone(), "E_DEPTH"),
        ("100 deep", nested(100, "nn.skip_connection"), deep, "E_DEPTH"),
        ("as many as allowed", list(nested(0, ""), 2), few.clone(), "E_GRAPH"),
        ("one more", list(nested(0, ""), 3), few, "E_LIMIT"),
        ("a very wide list", list(nested(0, ""), 70_000), LoadLimits::default(), "E_LIMIT"),
    ];
    for (name, layers, limits, want) in rows {
        let mut manifest = good();
        around(&mut manifest, "nn.parallel", "0", &[("merge", Value::Text("add".into()))], |_| {});
        let layers = if let Value::List(_) = layers { layers } else { Value::List(vec![layers]) };
        set(&mut manifest, "layers", layers);
        let (code, message) = attempt(name, &manifest, &anyone().limits(limits.clone()), &limits);
        assert_eq!(code, want, "{name}: {message}");
    }
    // Each is 4096 layers of 3 tensors.
    let mut manifest = good();
    around(&mut manifest, "nn.parallel", "0", &[("merge", Value::Text("add".into()))], |inner| {
        let sizes =
            [("inputs", 2), ("features", 2), ("layers", 4096)].map(|(name, size)| (name, Value::Int(size)));
        let switches = ["bias", "bidirectional"].map(|name| (name, Value::Bool(true)));
        let dropout = ("dropout", Value::Float(0.0));
        *inner = inside("nn.lstm_stack", 1, sizes.into_iter().chain(switches).chain([dropout]).collect());
    });
    let Some(Value::List(stack)) = graph(&mut manifest).ops[0].parameters.get("layers").cloned() else {
        panic!()
    };
    for count in [1, 10_000] {
        set(&mut manifest, "layers", list(stack[0].clone(), count));
        let (code, message) = attempt("stacks", &manifest, &anyone(), &LoadLimits::default());
        assert!(code == "E_GRAPH" && message.contains("more tensors than the file"), "{count}: {message}");
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
