//! The binary `birth`. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    birth_host::cli::main()
}
