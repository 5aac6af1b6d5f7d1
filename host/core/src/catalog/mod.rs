//! The meaning of what PostgreSQL's catalogs say. The rest of the program
//! never sees `relkind` letters or the text of a constraint.

pub mod check;
pub mod default;
pub mod function;
pub mod relation;
pub mod trigger;
