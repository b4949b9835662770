//! Sums of products against a loop over all values of all labels.

use tensorkeep_tensor::{Result, Tensor, philox};
use tensorkeep_testkit::gradient;

use super::{every_device, fractions, integers};

/// An equation, the same with every axis named (as NumPy 2.4.6 has it), and the shapes of its operands.
type Row = (&'static str, &'static str, &'static [&'static [usize]]);

const ROWS: [Row; 34] = [
    ("ij->ji", "ij->ji", &[&[2, 3]]),
    ("ba", "ba->ab", &[&[2, 3]]),
    ("bA", "bA->Ab", &[&[2, 3]]),
    ("ij->", "ij->", &[&[2, 3]]),
    ("ij->j", "ij->j", &[&[2, 3]]),
    ("ii", "ii->", &[&[3, 3]]),
    ("ii->i", "ii->i", &[&[3, 3]]),
    ("iji->ij", "iji->ij", &[&[3, 2, 3]]),
    ("iii->i", "iii->i", &[&[3, 3, 3]]),
    ("iijj->ji", "iijj->ji", &[&[2, 2, 3, 3]]),
    ("...ii->...i", "aii->ai", &[&[2, 3, 3]]),
    ("i,i", "i,i->", &[&[4], &[4]]),
    ("i,j", "i,j->ij", &[&[2], &[3]]),
    ("i,i->i", "i,i->i", &[&[4], &[4]]),
    ("ij,jk", "ij,jk->ik", &[&[2, 3], &[3, 4]]),
    ("ij,kj->ki", "ij,kj->ki", &[&[2, 3], &[4, 3]]),
    ("ji,jk->ki", "ji,jk->ki", &[&[3, 2], &[3, 4]]),
    ("ij,ij->", "ij,ij->", &[&[2, 3], &[2, 3]]),
    ("ij,j->i", "ij,j->i", &[&[2, 3], &[3]]),
    ("bij,bjk->bik", "bij,bjk->bik", &[&[2, 2, 3], &[2, 3, 4]]),
    ("ibj,jkb->kbi", "ibj,jkb->kbi", &[&[2, 3, 4], &[4, 2, 3]]),
    ("...ij,...jk->...ik", "baij,ajk->baik", &[&[2, 3, 2, 2], &[3, 2, 4]]),
    ("...ij,...jk", "aij,ajk->aik", &[&[1, 2, 3], &[5, 3, 2]]),
    ("i...,i...->...", "iab,ib->ab", &[&[2, 3, 4], &[2, 4]]),
    ("b...", "ba->ab", &[&[2, 3]]),
    ("ijkl,klm->mij", "ijkl,klm->mij", &[&[2, 2, 3, 2], &[3, 2, 4]]),
    ("ij,ij->ij", "ij,ij->ij", &[&[2, 1], &[1, 3]]),
    ("ij,jk->ik", "ij,jk->ik", &[&[2, 1], &[3, 4]]),
    ("i,ij,j->", "i,ij,j->", &[&[2], &[2, 3], &[3]]),
    ("ij,jk,kl->il", "ij,jk,kl->il", &[&[2, 3], &[3, 2], &[2, 4]]),
    ("a,b,c,d->dcba", "a,b,c,d->dcba", &[&[2], &[3], &[2], &[2]]),
    ("ij,k->i", "ij,k->i", &[&[2, 3], &[4]]),
    (",ij->ji", ",ij->ji", &[&[], &[2, 3]]),
    ("abcdefgh,abcdefgh->abcdefg", "abcdefgh,abcdefgh->abcdefg", &[&[2; 8], &[2; 8]]),
];

/// The sizes and elements of a result, by definition: every product of elements whose labels agree is added
/// where the labels of the result say.
fn by_definition(equation: &str, operands: &[Tensor]) -> (Vec<usize>, Vec<f32>) {
    let (inputs, output) = equation.split_once("->").unwrap();
    let terms: Vec<&str> = inputs.split(',').collect();
    let mut labels: Vec<char> = inputs.chars().filter(|&c| c != ',').collect();
    labels.sort_unstable();
    labels.dedup();
    let size = |label: char| {
        let under = |(term, x): (&&str, &Tensor)| term.find(label).map(|axis| x.shape()[axis]);
        let found: Vec<usize> = terms.iter().zip(operands).filter_map(under).collect();
        found.iter().copied().find(|&n| n != 1).unwrap_or(1)
    };
    let sizes: Vec<usize> = labels.iter().map(|&label| size(label)).collect();
    let elements: Vec<Vec<f32>> = operands.iter().map(|x| x.to_vec().unwrap()).collect();
    let shape: Vec<usize> = output.chars().map(size).collect();
    let mut result = vec![0.0; shape.iter().product()];
    for count in 0..sizes.iter().product() {
        // The value of each label: the digits of the count.
        let mut rest = count;
        let digits: Vec<usize> = sizes.iter().map(|&n| (rest % n, rest /= n).0).collect();
        let value = |label: char| digits[labels.iter().position(|&other| other == label).unwrap()];
        let place = |term: &str, shape: &[usize]| {
            term.chars().zip(shape).fold(0, |at, (label, &n)| at * n + value(label).min(n.saturating_sub(1)))
        };
        let factors = terms.iter().zip(operands).zip(&elements);
        result[place(output, &shape)] +=
            factors.map(|((term, x), data)| data[place(term, x.shape())]).product::<f32>();
    }
    (shape, result)
}

fn compare(equation: &str, expanded: &str, operands: &[Tensor]) {
    let result = Tensor::einsum(equation, &operands.iter().collect::<Vec<_>>()).unwrap();
    let (shape, elements) = by_definition(expanded, operands);
    let device = result.device();
    assert_eq!(*result.shape(), shape, "{equation} on {device}");
    assert_eq!(result.to_vec::<f32>().unwrap(), elements, "{equation} on {device}");
}

#[test]
fn agrees_with_the_definition() {
    for device in every_device() {
        for (equation, expanded, shapes) in ROWS {
            let operands = shapes.iter().enumerate().map(|(i, shape)| integers(shape, i, &device));
            compare(equation, expanded, &operands.collect::<Vec<_>>());
        }
    }
}

/// The operands are views that no reshape can follow.
#[test]
fn takes_any_view() {
    for device in every_device() {
        let a = integers(&[4, 3, 2], 0, &device).flip(0).unwrap().permute([2, 0, 1]).unwrap();
        let b = integers(&[3, 1], 1, &device).broadcast_to([3, 5]).unwrap();
        compare("iaj,jk->kia", "iaj,jk->kia", &[a, b]);
    }
}

/// Sums over nothing are 0.
#[test]
fn knows_empty_operands() {
    for device in every_device() {
        for (equation, shapes) in [
            ("ij,jk->ik", [[2, 0], [0, 3]]),
            ("ij,jk->ik", [[0, 2], [2, 3]]),
            ("ii,jk->jk", [[0, 0], [2, 3]]),
        ] {
            compare(equation, equation, &shapes.map(|shape| integers(&shape, 0, &device)));
        }
    }
}

/// Equations made of random labels over a few sizes, with repetitions, lone labels and sizes of 1.
#[test]
fn agrees_for_equations_without_structure() {
    for device in every_device() {
        for case in 0..150 {
            let (equation, operands) = random(case, &device);
            compare(&equation, &equation, &operands);
        }
    }
}

fn random(case: u64, device: &tensorkeep_tensor::Device) -> (String, Vec<Tensor>) {
    let mut words = (0..).flat_map(|i| philox::block(case, i));
    let mut draw = |n: usize| words.next().unwrap() as usize % n;
    let sizes: Vec<usize> = (0..4).map(|_| 1 + draw(3)).collect();
    let letters = ['a', 'b', 'c', 'd'];
    let (mut terms, mut operands) = (Vec::new(), Vec::new());
    for operand in 0..1 + draw(3) {
        let labels: Vec<usize> = (0..draw(4)).map(|_| draw(4)).collect();
        // Now and then a size of 1, where the label is once in the term.
        let stretched =
            |label: usize, at: usize| at == 0 && labels.iter().filter(|&&other| other == label).count() == 1;
        let shrink = draw(2);
        let shape = labels.iter().map(|&label| if stretched(label, shrink) { 1 } else { sizes[label] });
        operands.push(integers(&shape.collect::<Vec<_>>(), operand, device));
        terms.push(labels.iter().map(|&label| letters[label]).collect::<String>());
    }
    let present = letters.iter().filter(|&&letter| terms.iter().any(|term| term.contains(letter)));
    let mut output: Vec<char> = present.copied().filter(|_| draw(2) == 0).collect();
    if draw(2) == 0 {
        output.reverse();
    }
    (format!("{}->{}", terms.join(","), output.iter().collect::<String>()), operands)
}

#[test]
fn can_be_differentiated_twice() {
    for (equation, _, shapes) in
        ROWS.into_iter().filter(|(.., shapes)| shapes.iter().all(|shape| shape.len() < 5))
    {
        let operands: Vec<Tensor> = shapes.iter().enumerate().map(|(i, shape)| fractions(shape, i)).collect();
        let einsum =
            |x: &[Tensor]| -> Result<Tensor> { Tensor::einsum(equation, &x.iter().collect::<Vec<_>>()) };
        gradient::check(einsum, &operands).unwrap();
    }
}
