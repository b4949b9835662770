//! The transcript of the README is what the program says.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Folder, sample};

/// The commands of the transcript, each with the lines that follow it.
fn commands(page: &str) -> Vec<(Vec<String>, Vec<String>)> {
    let (_, section) = page.split_once("\n## Know whom a model is from\n").unwrap();
    let (_, block) = section.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let mut commands: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for line in block.lines() {
        match line.strip_prefix("$ tensorkeep ") {
            Some(command) => {
                let words = command.split_whitespace().map(|word| word.trim_matches('\'').to_owned());
                commands.push((words.collect(), Vec::new()));
            }
            None => commands.last_mut().unwrap().1.push(line.to_owned()),
        }
    }
    commands
}

/// Whether a line is as the page has it, where `…` stands for anything.
fn fits(line: &str, shown: &str) -> bool {
    match shown.split_once('…') {
        None => line == shown,
        Some((start, end)) => {
            line.len() >= start.len() + end.len() && line.starts_with(start) && line.ends_with(end)
        }
    }
}

#[test]
fn the_transcript_holds() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let folder = Folder::new("transcript");
    let (weight, bias) = (sample::floats(&[2, 2], &[1.0, -2.0, 0.0, 3.0]), sample::floats(&[2], &[0.5, 0.5]));
    folder.write("pair.safetensors", sample::safetensors(&[("fc.weight", &weight), ("fc.bias", &bias)], &[]));
    let commands = commands(&page);
    assert!(commands.len() >= 6, "{} commands", commands.len());
    for (arguments, want) in commands {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tensorkeep"));
        let output =
            command.args(&arguments).current_dir(folder.path()).stdin(Stdio::null()).output().unwrap();
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let lines: Vec<&str> = told.lines().collect();
        let same =
            lines.len() == want.len() && lines.iter().zip(&want).all(|(line, shown)| fits(line, shown));
        assert!(same, "tensorkeep {}\n{told}\nand not\n{}", arguments.join(" "), want.join("\n"));
    }
}
