//! Leaves out what is in the bundle but never runs.
//!
//! Leptos 0.8 can take over pages whose code is loaded piece by piece. For that, every erased view carries a second,
//! asynchronous way of being taken over, beside the one that is used; nothing says to the compiler that it is never
//! called, and it is a twentieth of the bundle. Only `hydrate_lazy` begins that way, and `frontend` calls
//! `hydrate_body`. Should it ever run after all, it traps, and every browser test with it. Once Leptos leaves it out by
//! itself, this says so and can go.

use anyhow::Result;
use walrus::ir::{Instr, Unreachable};
use walrus::{FunctionKind, LocalFunction, Module};

/// Ends the name of each step of that way, before the hash: the body of an `async fn hydrate_async`.
const UNUSED: &str = "hydrate_async28_$u7b$$u7b$closure$u7d$$u7d$17h";

/// What is shorter is left alone, in instructions. The compiler makes one of functions that come out alike, under one
/// of their names: drop glue and little closures may be others' too.
const SHORTEST: u64 = 60;

/// Empties the functions that never run; what only they call is dropped later, by wasm-bindgen.
pub fn trim(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(wasm)?;
    let unused: Vec<_> = module
        .funcs
        .iter()
        .filter(|function| function.name.as_ref().is_some_and(|name| is_step(name)))
        .filter(|function| matches!(&function.kind, FunctionKind::Local(local) if local.size() >= SHORTEST))
        .map(walrus::Function::id)
        .collect();
    println!("Leaving out {} functions that never run", unused.len());
    for id in unused {
        if let FunctionKind::Local(function) = &mut module.funcs.get_mut(id).kind {
            empty(function);
        }
    }
    Ok(module.emit_wasm())
}

fn is_step(name: &str) -> bool {
    name.rsplit_once(UNUSED).is_some_and(|(before, hash)| !before.starts_with("_ZN4core3ptr") && hash.ends_with('E'))
}

fn empty(function: &mut LocalFunction) {
    let entry = function.entry_block();
    let body = &mut function.block_mut(entry).instrs;
    body.clear();
    body.push((Instr::Unreachable(Unreachable {}), walrus::InstrLocId::default()));
}

#[cfg(test)]
mod tests {
    use walrus::FunctionBuilder;

    use super::*;

    /// `name` has so many instructions.
    fn exported(module: &mut Module, name: &str, length: u64) {
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
        let mut body = builder.name(name.into()).func_body();
        (0..length / 2).for_each(|_| {
            body.i32_const(7).drop();
        });
        let id = builder.finish(vec![], &mut module.funcs);
        module.exports.add(name, id);
    }

    fn length(module: &Module, name: &str) -> u64 {
        let id = module.exports.get_func(name).expect("the export");
        module.funcs.get(id).kind.unwrap_local().size()
    }

    #[test]
    fn only_the_steps_that_never_run_are_emptied() {
        let step = "_ZN4view13hydrate_async28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE";
        let short = "_ZN5short13hydrate_async28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE";
        let drop = "_ZN4core3ptr9drop_in_place13hydrate_async28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE";
        let used = "_ZN4view7hydrate17h0123456789abcdefE";
        let mut module = Module::default();
        exported(&mut module, step, 100);
        exported(&mut module, short, 10);
        exported(&mut module, drop, 100);
        exported(&mut module, used, 100);

        let trimmed = Module::from_buffer(&trim(&module.emit_wasm()).expect("a trimmed module")).expect("a module");

        assert_eq!([step, short, drop, used].map(|name| length(&trimmed, name)), [1, 10, 100, 100]);
    }
}
