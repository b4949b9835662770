//! Modules made of modules: tuples, vectors, arrays, options.

use super::{Leaf, LeafMut, Module, Path};

macro_rules! indexed {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<$($generics)*> Module for $type {
            fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
                for (i, module) in self.iter().enumerate() {
                    path.index(i, |path| module.visit(path, f));
                }
            }

            fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
                for (i, module) in self.iter_mut().enumerate() {
                    path.index(i, |path| module.visit_mut(path, f));
                }
            }
        }
    )*};
}

indexed! {
    [M: Module] Vec<M>;
    [M: Module, const N: usize] [M; N];
}

impl<M: Module> Module for Option<M> {
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
        if let Some(module) = self {
            module.visit(path, f);
        }
    }

    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
        if let Some(module) = self {
            module.visit_mut(path, f);
        }
    }
}

macro_rules! tuples {
    ($(($($name:ident $i:tt)+))*) => {$(
        impl<$($name: Module),+> Module for ($($name,)+) {
            fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
                $(path.index($i, |path| self.$i.visit(path, f));)+
            }

            fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
                $(path.index($i, |path| self.$i.visit_mut(path, f));)+
            }
        }
    )*};
}

tuples! {
    (A 0)
    (A 0 B 1)
    (A 0 B 1 C 2)
    (A 0 B 1 C 2 D 3)
    (A 0 B 1 C 2 D 3 E 4)
    (A 0 B 1 C 2 D 3 E 4 G 5)
    (A 0 B 1 C 2 D 3 E 4 G 5 H 6)
    (A 0 B 1 C 2 D 3 E 4 G 5 H 6 I 7)
    (A 0 B 1 C 2 D 3 E 4 G 5 H 6 I 7 J 8)
    (A 0 B 1 C 2 D 3 E 4 G 5 H 6 I 7 J 8 K 9)
    (A 0 B 1 C 2 D 3 E 4 G 5 H 6 I 7 J 8 K 9 L 10)
    (A 0 B 1 C 2 D 3 E 4 G 5 H 6 I 7 J 8 K 9 L 10 M 11)
}
