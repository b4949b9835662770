//! `train digits`: the recipe, the report, the same bits every time.

use std::fs;

use serde_json::Value;

use crate::{Folder, tensorkeep};

/// Trains with these arguments and reports into `name`.
fn trained(folder: &Folder, name: &str, arguments: &[&str]) -> Value {
    let report = folder.join(name);
    tensorkeep(&[&["train", "digits", "--report", &report], arguments].concat()).succeeded();
    folder.summary(name)
}

/// The promise of the README. The test images are the same for every seed.
#[test]
fn the_recipe_reaches_97_percent() {
    let folder = Folder::new("recipe");
    let report = folder.join("report");
    let run = tensorkeep(&["train", "digits", "--seed", "5", "--report", &report]);
    let accuracy = folder.summary("report")["test_accuracy"].as_f64().unwrap();
    assert!(accuracy >= 0.97, "{accuracy}\n{}", run.out);

    run.succeeded();
    let said = format!("test accuracy {:.2} % of 359 images", accuracy * 100.0);
    for words in [
        "mlp on digits: 1438 images to learn from, 359 to test on, device cpu",
        &said,
        "label\\guess",
        "taken for",
    ] {
        assert!(run.out.contains(words), "{words:?} is missing in:\n{}", run.out);
    }
    assert!(run.out.contains('█'), "no image is drawn:\n{}", run.out);
    // The standard error stream is no terminal here, so there is a line an epoch and no bar.
    assert_eq!(run.err.lines().filter(|line| line.starts_with("epoch ")).count(), 40, "{}", run.err);
}

#[test]
fn a_report_is_complete() {
    let folder = Folder::new("report");
    let arguments = ["--epochs", "2", "--seed", "3", "--batch-size", "100", "--lr", "0.002"];
    // The folder above does not exist either.
    let summary = trained(&folder, "new/report", &arguments);
    let said = |name: &str| &summary[name];
    assert_eq!(
        (said("task"), said("model"), said("device")),
        (&Value::from("digits"), &Value::from("mlp"), &Value::from("cpu"))
    );
    assert_eq!(
        (said("seed"), said("epochs"), said("batch_size")),
        (&Value::from(3), &Value::from(2), &Value::from(100))
    );
    assert_eq!(said("learning_rate"), &Value::from(0.002));
    // 64·128 + 128 + 128·10 + 10.
    assert_eq!(said("parameters"), &Value::from(9_610));
    let losses: Vec<f64> =
        said("train_loss").as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    assert!(losses.len() == 2 && losses[1] < losses[0] && losses[0] < 3.0, "{losses:?}");
    let number = |name: &str| said(name).as_f64().unwrap();
    assert!((0.3..=1.0).contains(&number("test_accuracy")), "{summary}");
    assert!(number("seconds") > 0.0);
    assert!(
        (number("samples_per_second") * number("seconds") / (2.0 * 1438.0) - 1.0).abs() < 1e-6,
        "{summary}"
    );
    // At least parameters, gradients and two moments.
    assert!(said("peak_bytes").as_u64().unwrap() > 4 * 4 * 9_610, "{summary}");

    let page = fs::read_to_string(folder.path().join("new/report/report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    for words in ["aria-label=\"training loss by epoch\"", "aria-label=\"confusion matrix\"", "mlp on digits"]
    {
        assert!(page.contains(words), "{words:?} is missing");
    }
    for elsewhere in ["http:", "https:", "<script", "<link", "<img", "@import", "url(", "src="] {
        assert!(!page.contains(elsewhere), "{elsewhere:?} is in a page that should need nothing else");
    }
    for tag in ["svg", "figure", "dl", "div", "p", "h2"] {
        let count = |text: &str| page.matches(text).count();
        let opened = count(&format!("<{tag}>")) + count(&format!("<{tag} "));
        assert_eq!(opened, count(&format!("</{tag}>")), "<{tag}> is not closed everywhere");
    }

    // A second report takes the place of the first.
    assert_eq!(trained(&folder, "new/report", &["--epochs", "1"])["epochs"], 1);
}

#[test]
fn bits_do_not_depend_on_threads() {
    let folder = Folder::new("threads");
    for model in ["mlp", "lenet"] {
        let bits = |threads: &str| {
            let arguments = ["--model", model, "--epochs", "2", "--threads", threads];
            let summary = trained(&folder, threads, &arguments);
            (summary["train_loss"].clone(), summary["test_accuracy"].clone())
        };
        assert_eq!(bits("1"), bits("2"), "{model}");
    }
    let seed =
        |seed: &str| trained(&folder, "seed", &["--epochs", "1", "--seed", seed])["train_loss"].clone();
    assert_eq!(seed("18446744073709551615"), seed("18446744073709551615"));
    assert_ne!(seed("1"), seed("2"));
}

#[test]
fn a_folder_that_cannot_be_is_refused_before_training() {
    let folder = Folder::new("no-folder");
    let file = folder.join("file");
    fs::write(&file, "mine").unwrap();
    for report in [file.clone(), folder.join("file/inside")] {
        let run = tensorkeep(&["train", "digits", "--report", &report]);
        run.refused(1, "cannot be written");
        assert!(run.out.is_empty() && !run.err.contains("epoch "), "{}{}", run.out, run.err);
    }
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
    // The name of the page is taken by a folder: found when it is written.
    fs::create_dir_all(folder.path().join("taken/report.html")).unwrap();
    let report = folder.join("taken");
    let run = tensorkeep(&["train", "digits", "--epochs", "1", "--report", &report]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("report.html cannot be written"), "{}", run.err);
}
