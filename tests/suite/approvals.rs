//! Signed approvals: real keys of `ssh-keygen`, real statements, the real binary.

mod approve;
mod back;
mod chain;
mod ci;
mod elsewhere;
mod scene;
mod signatures;
mod trust_files;
mod words;
