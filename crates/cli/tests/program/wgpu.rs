//! Training on a graphics adapter, where there is one.

use tensorkeep_testkit::devices;

use crate::{Folder, tensorkeep};

/// An adapter learns what the processor learns. Two epochs: software adapters are slow.
#[test]
fn an_adapter_agrees_with_the_processor() {
    // Says so where there is no adapter; fails if there must be one.
    if !devices().unwrap().iter().any(|subject| subject.device.name().starts_with("wgpu")) {
        return;
    }
    let folder = Folder::new("wgpu");
    let trained = |device: &str, model: &str| {
        let report = folder.join("report");
        let arguments = ["--model", model, "--device", device, "--epochs", "2", "--report", &report];
        tensorkeep(&[&["train", "digits"][..], &arguments].concat()).succeeded();
        folder.summary("report")
    };
    for model in ["mlp", "lenet"] {
        let (cpu, wgpu) = (trained("cpu", model), trained("wgpu", model));
        assert!(wgpu["device"].as_str().unwrap().starts_with("wgpu:0"), "{wgpu}");
        let losses = cpu["train_loss"].as_array().unwrap().iter().zip(wgpu["train_loss"].as_array().unwrap());
        for (cpu, wgpu) in losses {
            let (cpu, wgpu) = (cpu.as_f64().unwrap(), wgpu.as_f64().unwrap());
            assert!((cpu / wgpu - 1.0).abs() < 0.02, "{model}: losses {cpu} and {wgpu}");
        }
        let accuracy = |summary: &serde_json::Value| summary["test_accuracy"].as_f64().unwrap();
        assert!((accuracy(&cpu) - accuracy(&wgpu)).abs() < 0.03, "{model}: {cpu} and {wgpu}");
    }
}
