//! Labels and text as numbers and back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_data::{Characters, Classes, Words, one_cold};
use tensorkeep_tensor::{HostArray, HostData, ToHostArray};
use tensorkeep_testkit::refusal;

#[test]
fn labels_of_any_type_are_numbered() {
    let flowers = Classes::new(["rose".to_owned(), "iris".to_owned()]).unwrap();
    assert_eq!(flowers.number("iris").unwrap(), 1);
    assert_eq!(flowers.labels(), ["rose", "iris"]);
    assert_eq!(flowers.encode(["iris"]).unwrap(), flowers.encode(&vec!["iris".to_owned()]).unwrap());
    assert_eq!(Classes::new(flowers.names()).unwrap(), flowers);
    let numbers = Classes::of(&[30, -5, 30, 7]).unwrap();
    assert_eq!(numbers.labels(), [-5, 7, 30]);
    assert_eq!(numbers.encode(&[7, 30, -5]).unwrap(), [1, 2, 0].to_host_array().unwrap());
    assert_eq!(
        numbers.one_hot(&[30, -5]).unwrap(),
        [[false, false, true], [true, false, false]].to_host_array().unwrap()
    );
    assert_eq!(numbers.decode(&[[2u8, 0], [1, 1]].to_host_array().unwrap()).unwrap(), [30, -5, 7, 7]);
    assert_eq!((numbers.len(), numbers.is_empty()), (3, false));
    assert_eq!(*numbers.one_hot::<i32>(&[]).unwrap().shape(), [0, 3]);
    let pairs = Classes::of(&[("a", 2), ("a", 1)]).unwrap();
    assert_eq!(pairs.label(0).unwrap(), &("a", 1));
    let known = numbers.with_default(&7).unwrap();
    assert_eq!(known.encode(&[8, 30]).unwrap(), [1, 2].to_host_array().unwrap());
    assert_eq!(known.decode(&known.encode(&[8]).unwrap()).unwrap(), [7]);
}

#[test]
fn the_greatest_score_says_the_class() {
    let cold = |scores: &dyn ToHostArray| one_cold(&scores.to_host_array().unwrap()).unwrap();
    let places = |places: &[i32]| places.to_host_array().unwrap();
    assert_eq!(cold(&[[1, 2, 3, 2], [20, 7, 9, 1]]), places(&[2, 0]));
    assert_eq!(cold(&[[[true, false], [false, true]]]), [[0, 1]].to_host_array().unwrap());
    assert_eq!(cold(&[[1.5, 1.5, -1.0]]), places(&[0]));
    assert_eq!(cold(&[[f64::NEG_INFINITY, f64::INFINITY]]), places(&[1]));
    // Neighbours that are one float.
    assert_eq!(cold(&[[i64::MAX - 1, i64::MAX]]), places(&[1]));
    assert_eq!(cold(&[[0.0f32, 2.0, 1.0]].as_slice()[0]).data(), &HostData::I32(vec![1]));
}

#[test]
fn text_comes_back() {
    let text = "Größe: 3 µm\n";
    let characters = Characters::of(text).unwrap();
    assert_eq!(characters.text(), "\n 3:Gemrµßö");
    assert_eq!(characters.decode(&characters.encode(text).unwrap()).unwrap(), text);
    assert_eq!(Characters::of(&characters.text()).unwrap(), characters);
    assert_eq!(*characters.encode("").unwrap().shape(), [0]);
    let dotted = characters.with_default(' ').unwrap();
    assert_eq!(dotted.decode(&dotted.encode("GrXß").unwrap()).unwrap(), "Gr ß");

    let words = Words::of(["a b, c b", "B a'b"], 1, 3).unwrap();
    assert_eq!(words.classes().labels(), ["<padding>", "<unknown>", "b", "a", "a'b"]);
    assert_eq!(words.encode("b\tZ ß-a").unwrap(), [2, 1, 1, 3].to_host_array().unwrap());
    assert_eq!(words.decode(&[2, 3, 1, 0, 0].to_host_array().unwrap()).unwrap(), "b a <unknown>");
    assert_eq!(Words::known(words.classes().labels()[2..].to_vec()).unwrap(), words);
}

#[test]
fn bad_input_is_refused() {
    let classes = Classes::new(["a", "b"]).unwrap();
    let array = |data, shape: &[usize]| HostArray::new(data, shape).unwrap();
    let nan = [[0.0, 1.0], [f64::NAN, 0.0]].to_host_array().unwrap();
    let long = "x".repeat(1000);
    let rows = [
        (refusal(Classes::<u8>::new([])), "value: no labels"),
        (refusal(Classes::<u8>::of(&[])), "value: no labels"),
        (refusal(Classes::new(["a", "a"])), "value: \"a\" comes twice"),
        (
            refusal(classes.encode(&["a", "c\u{1b}[2J"])),
            "value: \"c\\u{1b}[2J\" is none of the 2 classes: add it, or set a default",
        ),
        (refusal(classes.one_hot(&["c"])), "value: \"c\" is none"),
        (refusal(classes.clone().with_default("c")), "value: \"c\" is none"),
        (refusal(classes.label(2)), "index: no class 2 among 2: use numbers in 0..2"),
        (refusal(classes.decode(&[0, -1].to_host_array().unwrap())), "index: no class -1 among 2"),
        (refusal(classes.decode(&[0.0].to_host_array().unwrap())), "dtype: classes of f64"),
        (
            refusal(classes.one_cold(&[[0.0, 1.0, 2.0]].to_host_array().unwrap())),
            "shape: the last axis is not the 2 classes",
        ),
        (refusal(classes.one_cold(&nan)), "value: a score of row 1 is NaN"),
        (refusal(one_cold(&array(HostData::F32(Vec::new()), &[3, 0]))), "shape: the last axis"),
        (refusal(one_cold(&array(HostData::F32(vec![1.0]), &[]))), "shape: the last axis"),
        (refusal(Characters::of("")), "value: no labels"),
        (refusal(Characters::of("ab").unwrap().encode("abc")), "value: 'c' is none of the 2 classes"),
        (refusal(Characters::of("ab").unwrap().decode(&[2].to_host_array().unwrap())), "index: no class 2"),
        (refusal(Words::of(["one two"], 2, 9)), "value: no word comes 2 times"),
        (refusal(Words::of(["one two"], 1, 0)), "value: no word comes 1 times, of 0 to keep"),
        (refusal(Words::known(["<unknown>".to_owned()])), "value: \"<unknown>\" comes twice"),
    ];
    for (i, (got, want)) in rows.iter().enumerate() {
        assert!(got.starts_with(want), "row {i}: {got}");
    }
    assert!(classes.number(long.as_str()).unwrap_err().message().len() < 200);
    assert_eq!(one_cold(&array(HostData::F32(Vec::new()), &[0, 3])).unwrap().shape().sizes(), [0]);
}
