//! What a container says about itself.

use std::collections::BTreeMap;
use std::fs::File;

use serde::Serialize;
use serde_json::Value as Json;
use tensorkeep_format::{
    Architecture, Axis, Code, Digest, Error, Head, Input, LoadLimits, MAJOR, Manifest, Map, Op, Output,
    Provenance, Result, StreamReader, Value,
};
use tensorkeep_trust::{PayloadDigest, Policy, TrustStore, claimed_key_ids};

use super::{Gathering, Line, Report};
use crate::moment;
use crate::verify::artifact;

#[derive(Debug, Serialize)]
pub(crate) struct Container {
    /// Major and minor version.
    pub(crate) version: String,
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) release: u64,
    /// In seconds of Unix time; 0 says that this is not told.
    pub(crate) created: u64,
    /// What `verify --digest` asks for: of the version and the manifest, and so of all tensors.
    pub(crate) digest: String,
    /// What other files' provenance names this one by.
    pub(crate) manifest_digest: String,
    pub(crate) provenance: BTreeMap<&'static str, String>,
    /// The names of what other programs added.
    pub(crate) extensions: Vec<String>,
    pub(crate) architecture: Option<Graph>,
    /// Whether there is a block of signatures.
    pub(crate) signed: bool,
    /// The keys that signed it, by the file's own account, in hexadecimal.
    pub(crate) key_ids: Vec<String>,
    /// What the given trust store says to that.
    pub(crate) trust: Option<Trust>,
}

/// An architecture, with tensors by their names.
#[derive(Debug, Serialize)]
pub(crate) struct Graph {
    pub(crate) inputs: Vec<Port>,
    pub(crate) ops: Vec<Operation>,
    pub(crate) outputs: Vec<Port>,
}

/// An input or an output.
#[derive(Debug, Serialize)]
pub(crate) struct Port {
    pub(crate) name: String,
    pub(crate) dtype: &'static str,
    /// Nothing stands for any size.
    pub(crate) shape: Vec<Option<u64>>,
    /// The number of the value.
    pub(crate) value: usize,
    pub(crate) labels: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Operation {
    /// The number of its first result.
    pub(crate) value: usize,
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) inputs: Vec<u32>,
    pub(crate) results: u32,
    pub(crate) weights: BTreeMap<String, String>,
    pub(crate) parameters: Json,
}

#[derive(Debug, Serialize)]
pub(crate) struct Trust {
    pub(crate) signers: Vec<Known>,
    pub(crate) skipped: Vec<String>,
    /// Why the signatures are refused as a whole.
    pub(crate) refused: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) key_id: String,
}

/// Reads a container as far as it can be, into the report.
pub(super) fn read(
    report: &mut Report,
    file: &File,
    first: &[u8],
    limits: &LoadLimits,
    store: Option<&TrustStore>,
) -> Result<()> {
    let reader = StreamReader::new(file, limits).map_err(|error| with_version(error, first))?;
    let head = reader.head();
    let manifest = head.manifest();
    report.metadata = manifest.metadata.iter().map(|(key, value)| (key.to_owned(), value.clone())).collect();
    report.tensors = manifest
        .tensors
        .iter()
        .map(|tensor| Line {
            digest: Some(tensor.digest.to_string()),
            ..Line::new(&tensor.name, tensor.dtype, &tensor.shape)
        })
        .collect();
    let mut gathering = Gathering::new(manifest.tensors.iter().map(|tensor| tensor.dtype));
    let (container, signatures) = describe(head, store);
    report.container = Some(container);
    let read = reader.verify_with(|place, piece| {
        gathering.add(place, piece);
        Ok(())
    });
    gathering.settle(read.is_ok(), &mut report.tensors);
    read.map(drop).and(signatures)
}

/// Of another version, the numbers of the version are all that can be read: everything behind them may differ.
fn with_version(error: Error, first: &[u8]) -> Error {
    let version = first.get(8..12).and_then(|version| version.as_chunks::<2>().0.first_chunk());
    match version.map(|version: &[[u8; 2]; 2]| version.map(u16::from_le_bytes)) {
        Some([major, minor]) if major != MAJOR && error.code() == Code::Version => {
            Error::new(Code::Version, format!("{} (the header says {major}.{minor})", error.message()))
        }
        _ => error,
    }
}

/// The description, and whether the block of signatures is one at all.
fn describe(head: &Head, store: Option<&TrustStore>) -> (Container, Result<()>) {
    let manifest = head.manifest();
    let (major, minor) = head.version();
    let claimed = head.signatures().map(claimed_key_ids).transpose();
    let signatures = match &claimed {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::new(Code::Sig, error.to_string())),
    };
    let container = Container {
        version: format!("{major}.{minor}"),
        id: manifest.id.clone(),
        kind: manifest.kind.name(),
        release: manifest.release,
        created: manifest.created,
        digest: PayloadDigest::of(head.signed_payload()).to_string(),
        manifest_digest: head.digest().to_string(),
        provenance: provenance(&manifest.provenance),
        extensions: manifest.extensions.iter().map(|(name, _)| name.to_owned()).collect(),
        architecture: manifest.architecture.as_ref().map(|architecture| graph(manifest, architecture)),
        signed: head.signatures().is_some(),
        key_ids: claimed.ok().flatten().unwrap_or_default(),
        trust: store.map(|store| trust(head, store)),
    };
    (container, signatures)
}

fn provenance(provenance: &Provenance) -> BTreeMap<&'static str, String> {
    let Provenance { data, plan, step, previous } = provenance;
    let digest = |digest: &Option<Digest>| digest.map(|digest| digest.to_string());
    let all = [
        ("data", digest(data)),
        ("plan", digest(plan)),
        ("step", step.map(|step| step.to_string())),
        ("previous", digest(previous)),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn trust(head: &Head, store: &TrustStore) -> Trust {
    match store.verify(&artifact(head), &Policy::AllowUnsigned, moment::now()) {
        Ok(verdict) => Trust {
            signers: verdict
                .signers()
                .iter()
                .map(|signer| Known { name: signer.name.clone(), key_id: signer.key_id.to_string() })
                .collect(),
            skipped: verdict.skipped().iter().map(ToString::to_string).collect(),
            refused: None,
        },
        Err(error) => Trust { signers: Vec::new(), skipped: Vec::new(), refused: Some(error.to_string()) },
    }
}

fn graph(manifest: &Manifest, architecture: &Architecture) -> Graph {
    let mut next = architecture.inputs.len();
    let ops = architecture.ops.iter().map(|op| {
        let value = next;
        next = next.saturating_add(op.results.unwrap_or(1) as usize);
        operation(manifest, op, value)
    });
    Graph {
        ops: ops.collect(),
        inputs: architecture
            .inputs
            .iter()
            .enumerate()
            .map(|(value, input)| input_port(input, value))
            .collect(),
        outputs: architecture.outputs.iter().map(output_port).collect(),
    }
}

fn operation(manifest: &Manifest, op: &Op, value: usize) -> Operation {
    let tensor = |place: u32| {
        manifest.tensors.get(place as usize).map_or_else(String::new, |tensor| tensor.name.clone())
    };
    Operation {
        value,
        name: op.name.clone(),
        version: op.version,
        inputs: op.inputs.clone(),
        results: op.results.unwrap_or(1),
        weights: op.weights.iter().map(|(name, place)| (name.to_owned(), tensor(*place))).collect(),
        parameters: json_map(&op.parameters),
    }
}

fn input_port(input: &Input, value: usize) -> Port {
    Port {
        name: input.name.clone(),
        dtype: input.dtype.name(),
        shape: axes(&input.shape),
        value,
        labels: Vec::new(),
    }
}

fn output_port(output: &Output) -> Port {
    Port {
        name: output.name.clone(),
        dtype: output.dtype.name(),
        shape: axes(&output.shape),
        value: output.value as usize,
        labels: output.labels.clone(),
    }
}

fn axes(shape: &[Axis]) -> Vec<Option<u64>> {
    let size = |axis: &Axis| match axis {
        Axis::Size(size) => Some(*size),
        Axis::Any => None,
    };
    shape.iter().map(size).collect()
}

fn json_map(map: &Map<Value>) -> Json {
    map.iter().map(|(key, value)| (key.to_owned(), json(value))).collect()
}

/// A parameter. It recurses as deep as the manifest is nested, which is limited. JSON has no bytes: they become their number.
fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Text(value) => value.as_str().into(),
        Value::Bytes(value) => format!("({} bytes)", value.len()).into(),
        Value::List(values) => values.iter().map(json).collect(),
        Value::Map(values) => json_map(values),
    }
}
