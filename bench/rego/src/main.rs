//! The classification rules in Rego, judged by regorus on its VM: a peer of the
//! product's classification benchmark.
//!
//! `birth-bench-rego POLICY FACTS` takes the folder of the policy and a JSON
//! file with a list of batches of collections. It prints how many seconds the
//! judging took, without reading and compiling, and the status of every
//! collection.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Rc, Value};

const ENTRY: &str = "data.classification.verdicts";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(policy), Some(facts)) = (arguments.next(), arguments.next()) else {
        return Err("usage: birth-bench-rego POLICY FACTS".into());
    };
    let mut vm = load(Path::new(&policy))?;
    let batches = Value::from_json_str(&fs::read_to_string(facts)?)?;
    let mut took = Duration::ZERO;
    let mut statuses = Vec::new();
    for batch in batches.as_array()?.iter() {
        let started = Instant::now();
        vm.set_input(batch.clone());
        let verdicts = vm.execute()?;
        took += started.elapsed();
        for verdict in verdicts
            .as_array()
            .map_err(|_| format!("no verdicts but {verdicts}"))?
            .iter()
        {
            let status = verdict[0]
                .as_string()
                .map_err(|_| format!("no verdict but {verdict}"))?;
            statuses.push(status.to_string());
        }
    }
    let answer = serde_json::json!({ "seconds": took.as_secs_f64(), "statuses": statuses });
    println!("{answer}");
    Ok(())
}

/// The policy as a program of the VM.
fn load(folder: &Path) -> Result<RegoVM, Box<dyn Error>> {
    let mut engine = Engine::new();
    for name in ["names.rego", "shape.rego", "classification.rego"] {
        engine.add_policy_from_file(folder.join(name))?;
    }
    let words = fs::read_to_string(folder.join("words.json"))?;
    let data = Value::from_json_str(&words)?;
    engine.add_data(data.clone())?;
    let entry: Rc<str> = ENTRY.into();
    let policy = engine.compile_with_entrypoint(&entry)?;
    let program = Compiler::compile_from_policy(&policy, &[ENTRY])?;
    let mut vm = RegoVM::new();
    vm.set_max_instructions(usize::MAX);
    vm.load_program(program);
    vm.set_data(data)?;
    Ok(vm)
}
