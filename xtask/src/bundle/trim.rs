//! Leaves out what is in the bundle but never runs.
//!
//! Leptos 0.8 can take over pages whose code is loaded piece by piece. For that, every erased view carries a second,
//! asynchronous way of being taken over, beside the one that is used; nothing says to the compiler that it is never
//! called, and it is a twentieth of the bundle. Only `hydrate_lazy` begins that way, and `frontend` calls
//! `hydrate_body`. Should it ever run after all, it traps, and every browser test with it. Once Leptos leaves it out by
//! itself, this says so and can go.

use anyhow::Result;
use walrus::ir::{Instr, Unreachable};
use walrus::{LocalFunction, Module};

/// In the name of each function of that way.
const UNUSED: &str = "hydrate_async";

/// Empties the functions that never run; what only they call is dropped later, by wasm-bindgen.
pub fn trim(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(wasm)?;
    let unused: Vec<_> = module
        .funcs
        .iter()
        .filter(|function| function.name.as_ref().is_some_and(|name| name.contains(UNUSED)))
        .map(walrus::Function::id)
        .collect();
    println!("Leaving out {} functions that never run", unused.len());
    for id in unused {
        if let walrus::FunctionKind::Local(function) = &mut module.funcs.get_mut(id).kind {
            empty(function);
        }
    }
    Ok(module.emit_wasm())
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

    fn exported(module: &mut Module, name: &str) {
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
        builder.name(name.into()).func_body().i32_const(7).drop();
        let id = builder.finish(vec![], &mut module.funcs);
        module.exports.add(name, id);
    }

    fn instructions(module: &Module, name: &str) -> Vec<Instr> {
        let id = module.exports.get_func(name).expect("the export");
        let function = module.funcs.get(id).kind.unwrap_local();
        function.block(function.entry_block()).instrs.iter().map(|(instruction, _)| instruction.clone()).collect()
    }

    #[test]
    fn only_what_never_runs_is_emptied() {
        let mut module = Module::default();
        exported(&mut module, "view::hydrate_async::h1");
        exported(&mut module, "view::hydrate::h2");

        let trimmed = Module::from_buffer(&trim(&module.emit_wasm()).expect("a trimmed module")).expect("a module");

        assert!(matches!(instructions(&trimmed, "view::hydrate_async::h1")[..], [Instr::Unreachable(_)]));
        assert_eq!(instructions(&trimmed, "view::hydrate::h2").len(), 2);
    }
}
