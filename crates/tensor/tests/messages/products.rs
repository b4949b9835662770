//! Products and equations.

use tensorkeep_tensor::Tensor;
use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::op::{Attention, AttentionGrad, Map, MatMul, Op};

use crate::{Table, floats, integers, truths};

#[test]
fn products() {
    let mut t = Table::of(file!());
    let (x, n) = (floats(&[2, 3]), integers(&[2, 3]));
    t.row(x.matmul(&x), "matmul: inner dimensions differ: [2, 3] and [2, 3]; transpose or reshape one");
    t.row(x.matmul(&n), "matmul: operands of f32 and i32: cast one with to_dtype");
    t.row(truths(&[2, 2]).matmul(&truths(&[2, 2])), "matmul: bool is not a number: cast with to_dtype first");
    t.row(
        x.matmul(&floats(&[])),
        "matmul: matrices have at least 2 axes: [2, 3] and []; add one with unsqueeze",
    );
    t.row(
        floats(&[2, 1, 3]).matmul(&floats(&[5, 3, 1])),
        "matmul: batch axes do not broadcast together: [2, 1, 3] and [5, 3, 1]; make them equal or 1",
    );
    t.row(Tensor::apply(&Op::MatMul(MatMul::default()), &[&x]), "matmul: 1 operands: pass at least 2");
    t.row(
        Tensor::apply(&Op::MatMul(MatMul::default()), &[&x, &x.t().unwrap(), &x]),
        "matmul: 3 operands where 2 are needed: pass 2",
    );
    let epilogue = |results: &[Expr]| Some(Map::new(Program::new("bias", results).unwrap(), &[]));
    let bias = MatMul { epilogue: epilogue(&[Expr::input(0) + Expr::input(1)]) };
    t.row(Tensor::apply(&Op::MatMul(bias.clone()), &[&x, &floats(&[3, 3]), &floats(&[2, 2, 3])]), "matmul: the epilogue changes the shape: [2, 3] and [2, 2, 3]; only operands that broadcast to the product fit");
    t.row(
        Tensor::apply(&Op::MatMul(bias), &[&x, &floats(&[3, 3])]),
        "bias: 1 inputs and 0 parameters for an expression of 2 and 0: pass as many as it names",
    );
    let twice = MatMul { epilogue: epilogue(&[Expr::input(0), Expr::input(0) + 1.0]) };
    t.row(
        Tensor::apply(&Op::MatMul(twice), &[&x, &floats(&[3, 3])]),
        "matmul: an epilogue of 2 results: give exactly one",
    );
    let attention = |scale, causal| Attention { scale, causal };
    let q = floats(&[4, 8]);
    t.row(q.attention(&floats(&[5, 8]), &floats(&[6, 8]), attention(1.0, false)), "attention: queries are [b.., t, d], keys [b.., s, d], values [b.., s, e]: [4, 8] and [5, 8] and [6, 8]; make the sizes of one letter equal");
    t.row(q.attention(&floats(&[8]), &floats(&[6, 8]), attention(1.0, false)), "attention: queries, keys and values have at least 2 axes: [4, 8] and [8] and [6, 8]; add one with unsqueeze");
    t.row(q.attention(&floats(&[3, 8]), &floats(&[3, 8]), attention(1.0, true)), "attention: every query needs a key to look at: [4, 8] and [3, 8]; pass at least as many keys as queries");
    t.row(
        q.attention(&q, &q, attention(f64::NAN, false)),
        "attention: scale NaN is not finite in f32: use a smaller number",
    );
    t.row(
        q.attention(&q, &q, attention(1e300, false)),
        "attention: scale 1e300 is not finite in f32: use a smaller number",
    );
    t.row(attention(1.0, true).weights(&q, &floats(&[3, 8])), "attention: every query needs a key to look at: [4, 8] and [3, 8]; pass at least as many keys as queries");
    t.row(
        n.attention(&n, &n, attention(1.0, false)),
        "attention: i32 has no fractions: cast to a float dtype with to_dtype",
    );
    let gradients = |dy: &Tensor| {
        let op = Op::AttentionGrad(AttentionGrad { attention: attention(1.0, false) });
        Tensor::apply(&op, &[&q, &floats(&[6, 8]), &floats(&[6, 3]), dy])
    };
    t.row(gradients(&floats(&[4, 8])), "attention_grad: the gradient is not shaped like the result: [4, 8] and [4, 3]; pass the gradient of that very attention");
    t.row(gradients(&integers(&[4, 3])), "attention_grad: operands of f32 and i32: cast one with to_dtype");
    t.finish();
}

#[test]
fn equations() {
    let mut t = Table::of(file!());
    let (x, y) = (floats(&[2, 3]), floats(&[3, 4]));
    t.row(Tensor::einsum("", &[]), "einsum: \"\" is for 1 operands, not 0: give one term each");
    t.row(Tensor::einsum("ij", &[&x, &y]), "einsum: \"ij\" is for 1 operands, not 2: give one term each");
    t.row(
        Tensor::einsum("ij,jk,kl->il", &[&x, &y]),
        "einsum: \"ij,jk,kl\" is for 3 operands, not 2: give one term each",
    );
    t.row(
        Tensor::einsum(&"i".repeat(513), &[&x]),
        "einsum: an equation of 513 characters, 512 are allowed: contract in several steps",
    );
    t.row(
        Tensor::einsum("i1->i", &[&x]),
        "einsum: '1' in term \"i1\": use letters and at most one ellipsis a term, as in \"...ij,jk->...ik\"",
    );
    t.row(
        Tensor::einsum("i.j->i", &[&x]),
        "einsum: '.' in term \"i.j\": use letters and at most one ellipsis a term, as in \"...ij,jk->...ik\"",
    );
    t.row(Tensor::einsum("...i...->i", &[&x]), "einsum: '.' in term \"...i...\": use letters and at most one ellipsis a term, as in \"...ij,jk->...ik\"");
    t.row(Tensor::einsum("ij->i->j", &[&x]), "einsum: '-' in term \"i->j\": use letters and at most one ellipsis a term, as in \"...ij,jk->...ik\"");
    t.row(
        Tensor::einsum("ij->i,j", &[&x]),
        "einsum: ',' in term \"i,j\": use letters and at most one ellipsis a term, as in \"...ij,jk->...ik\"",
    );
    t.row(Tensor::einsum("ijk->i", &[&x]), "einsum: term \"ijk\" names 3 axes of operand 0, which has shape [2, 3]: give one letter an axis, or ... for the rest");
    t.row(Tensor::einsum("i->i", &[&x]), "einsum: term \"i\" names 1 axes of operand 0, which has shape [2, 3]: give one letter an axis, or ... for the rest");
    t.row(Tensor::einsum("...ijk->i", &[&x]), "einsum: term \"...ijk\" names 3 axes of operand 0, which has shape [2, 3]: give one letter an axis, or ... for the rest");
    t.row(
        Tensor::einsum("ii->i", &[&x]),
        "einsum: label i is 2 and 3 in operand 0, a diagonal needs equal sizes: [2, 3]; narrow one axis",
    );
    t.row(
        Tensor::einsum("ij,ij->ij", &[&x, &y]),
        "einsum: label i is 2 in operand 0 and 3 in operand 1: [2, 3] and [3, 4]; make them equal or 1",
    );
    t.row(Tensor::einsum("...,...->...", &[&x, &y]), "einsum: axis -2 under the ellipsis is 2 in operand 0 and 3 in operand 1: [2, 3] and [3, 4]; make them equal or 1");
    t.row(Tensor::einsum("...i->i", &[&x]), "einsum: operands have axes under an ellipsis and the result \"i\" has no place for them: add one ellipsis to it");
    t.row(Tensor::einsum("ij->ii", &[&x]), "einsum: label i is twice in the result \"ii\": name it once");
    t.row(
        Tensor::einsum("ij->ik", &[&x]),
        "einsum: label k of the result \"ik\" is in no operand: use labels of the operands",
    );
    t.row(
        Tensor::einsum("ij,jk->ik", &[&x, &integers(&[3, 4])]),
        "einsum: operand 0 is f32 and operand 1 is i32: cast one with to_dtype",
    );
    t.row(
        Tensor::einsum("ij->i", &[&truths(&[2, 3])]),
        "sum: bool is not a number: cast with to_dtype first",
    );
    t.row(Tensor::einsum("abcde,fghij->abcdefghij", &[&floats(&[1; 5]), &floats(&[1; 5])]), "einsum: a product of operands needs 10 axes, 8 are allowed: order the operands so that labels vanish sooner");
    t.finish();
}
