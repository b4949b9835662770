//! `tensorkeep convert`.

mod content;
mod output;

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use tensorkeep_format::{Code, Error, LoadLimits};
use tensorkeep_storage::write_with;

use crate::arguments::Convert;
use crate::failure::{Failure, conclude};
use crate::form::Form;
use crate::open::expect_free;
use content::Content;

pub(crate) fn run(arguments: &Convert, out: &mut impl Write) -> Result<(), Failure> {
    let form = Form::of_extension(&arguments.output).ok_or_else(|| {
        let error =
            Error::new(Code::Name, "the extension names no format: use .tkm, .safetensors, .npz or .npy");
        error.within(&arguments.output.to_string_lossy())
    })?;
    if form != Form::Container && (arguments.id.is_some() || arguments.kind.is_some()) {
        return Err(Failure::new(Code::Value, "--id and --kind are for a .tkm file: leave them out"));
    }
    expect_free(&arguments.output, arguments.force)?;
    let limits = LoadLimits { nonfinite: arguments.nonfinite, ..LoadLimits::default() };
    let mut content = Content::read(&arguments.input, &arguments.renaming, &limits)?;
    let lost = content.lost_in(form);
    if !lost.is_empty() && !arguments.lossy {
        let message = format!(
            "a .{} file has no place for {}: choose another format, or say --lossy to leave that out",
            form.name(),
            lost.join(", ")
        );
        return Err(Failure::new(Code::Value, message));
    }
    let widened = content.widen_for(form, arguments.widen)?;
    let tensors = content.tensors.len();
    write_with(&arguments.output, |draft| match form {
        Form::Container => output::container(draft, content, arguments, &limits),
        _ => output::foreign(draft, form, &content),
    })?;
    conclude(out, &told(&arguments.output, tensors, widened, &lost), Ok(()))
}

/// The name of the limit, as the user of the program sets it.
fn advised(error: Error) -> Error {
    Error::new(error.code(), error.message().replace("set LoadLimits::nonfinite", "say --nonfinite"))
}

fn told(output: &Path, tensors: usize, widened: usize, lost: &[&str]) -> String {
    let mut said = format!("{}: {tensors} tensors\n", output.display());
    if widened > 0 {
        let _ = writeln!(said, "{widened} of them were bf16 and are f32");
    }
    if !lost.is_empty() {
        let _ = writeln!(said, "left out: {}", lost.join(", "));
    }
    said
}
