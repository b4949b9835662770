//! The WGSL of an elementwise program.

use std::fmt::Write;
use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_shaders::Shader;
use tensorkeep_tensor::expr::{Node, Typed, TypedNode};
use tensorkeep_tensor::{Error, Result};

use super::binary::binary;
use super::cast::cast;
use super::literal::{literal, read};
use super::unary::unary;
use crate::element::Element;

/// Threads in a workgroup.
const THREADS: u64 = 256;
/// Elements that a thread computes, a workgroup's width apart.
const EACH: u64 = 4;
/// Elements that a workgroup computes.
pub(super) const ELEMENTS: u64 = THREADS * EACH;

/// What decides the text of the kernel of an elementwise program.
///
/// Its parameters are: the number of elements; the position of each input's first; if any input is strided, for each axis,
/// innermost first, its size and the stride of each such input; the values of the program's own parameters in the order of the
/// steps that read them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Elementwise {
    typed: Arc<Typed>,
    pub(super) inputs: SmallVec<[Input; 4]>,
    /// Axes on which the strided inputs are walked.
    pub(super) rank: usize,
}

/// What decides how an input is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Input {
    pub(super) element: Element,
    pub(super) address: Address,
}

/// How the elements of an input are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Address {
    /// One after the other.
    Contiguous,
    /// All are one and the same.
    Single,
    /// By strides along axes.
    Strided,
}

impl Elementwise {
    /// The kernel of a program without inputs.
    pub(super) fn new(typed: Arc<Typed>) -> Self {
        Self { typed, inputs: SmallVec::new(), rank: 0 }
    }

    /// The WGSL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](tensorkeep_tensor::ErrorKind::Unsupported) if a step has a dtype that no adapter has.
    pub(crate) fn text(&self) -> Result<String> {
        let mut text = String::new();
        if self.uses(Element::F16) {
            text.push_str("enable f16;\n");
        }
        text.push_str(Shader::Launch.text());
        text.push_str(Shader::Float.text());
        if self.uses(Element::I32) || self.uses(Element::U8) {
            text.push_str(Shader::Integer.text());
        }
        self.write(&mut text).map_err(|_| Error::internal("map", "a string could not be written"))??;
        Ok(text)
    }

    /// Whether a step has this element.
    fn uses(&self, element: Element) -> bool {
        self.typed
            .nodes()
            .iter()
            .any(|step| Element::of("map", step.dtype).is_ok_and(|found| found == element))
    }

    fn write(&self, text: &mut String) -> Result<Result<()>, std::fmt::Error> {
        for (i, input) in self.inputs.iter().enumerate() {
            let stored = input.element.stored();
            writeln!(text, "@group(0) @binding({}) var<storage, read> x{i}: array<{stored}>;", i + 1)?;
        }
        let results: Vec<Element> =
            match self.typed.results().map(|dtype| Element::of("map", dtype)).collect() {
                Ok(results) => results,
                Err(error) => return Ok(Err(error)),
            };
        for (i, element) in results.iter().enumerate() {
            let (binding, stored) = (self.inputs.len() + i + 1, element.stored());
            writeln!(text, "@group(0) @binding({binding}) var<storage, read_write> y{i}: array<{stored}>;")?;
        }
        writeln!(text, "fn element(i: u32) {{")?;
        let mut next = self.write_addresses(text)?;
        for (at, step) in self.typed.nodes().iter().enumerate() {
            match self.step(step, &mut next) {
                Ok(value) => writeln!(text, "let v{at} = {value};")?,
                Err(error) => return Ok(Err(error)),
            }
        }
        for (i, (element, at)) in results.iter().zip(self.typed.result_nodes()).enumerate() {
            writeln!(text, "y{i}[i] = {}(v{at});", element.stored())?;
        }
        writeln!(text, "}}")?;
        write_main(text)?;
        Ok(Ok(()))
    }

    /// Writes where each input's element lies, and gives the number of the next parameter.
    fn write_addresses(&self, text: &mut String) -> Result<usize, std::fmt::Error> {
        let strided: Vec<usize> =
            (0..self.inputs.len()).filter(|&i| self.inputs[i].address == Address::Strided).collect();
        for (i, input) in self.inputs.iter().enumerate() {
            let first = i + 1;
            match input.address {
                Address::Contiguous => writeln!(text, "let p{i} = param({first}) + i;")?,
                Address::Single => writeln!(text, "let p{i} = param({first});")?,
                Address::Strided => writeln!(text, "var p{i} = param({first});")?,
            }
        }
        let mut next = self.inputs.len() + 1;
        if !strided.is_empty() {
            writeln!(text, "var rest = i;\nvar k = 0u;")?;
        }
        for axis in 0..self.rank {
            if axis + 1 < self.rank {
                writeln!(text, "k = rest % param({next});\nrest = rest / param({next});")?;
            } else {
                writeln!(text, "k = rest;")?;
            }
            for (at, i) in (next + 1..).zip(&strided) {
                writeln!(text, "p{i} += k * param({at});")?;
            }
            next += 1 + strided.len();
        }
        Ok(next)
    }

    /// The expression for one step; `next` is the number of the next parameter.
    fn step(&self, step: &TypedNode, next: &mut usize) -> Result<String> {
        let element = Element::of("map", step.dtype)?;
        let of = |at: usize| Element::of("map", self.typed.nodes()[at].dtype);
        Ok(match step.node {
            Node::Input(i) => format!("{}(x{i}[p{i}])", element.value()),
            Node::Param(_) => {
                *next += 1;
                read(element, *next - 1)
            }
            Node::Const(value) => literal(value, element),
            Node::Unary(function, x) => unary(function, of(x)?, &format!("v{x}")),
            Node::Binary(function, a, b) => binary(function, of(a)?, &format!("v{a}"), &format!("v{b}")),
            Node::Select(c, a, b) => format!("select(v{b}, v{a}, v{c})"),
            Node::Cast(_, x) => cast(of(x)?, element, &format!("v{x}")),
            Node::TooDeep => return Err(Error::internal("map", "a cut expression was compiled")),
        })
    }
}

fn write_main(text: &mut String) -> std::fmt::Result {
    writeln!(
        text,
        "@compute @workgroup_size({THREADS})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {{
let first = group_number(group, grid) * {ELEMENTS}u + thread;
let count = param(0);"
    )?;
    for i in 0..EACH {
        let offset = i * THREADS;
        writeln!(text, "if first + {offset}u < count {{ element(first + {offset}u); }}")?;
    }
    writeln!(text, "}}")
}
