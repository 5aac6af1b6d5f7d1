//! The one test binary: real servers, real components, the real binary.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests state what they expect"
)]

mod approvals;
mod artifacts;
mod authors;
mod check_prints;
mod ci_files;
mod classification_runtime;
mod classify;
mod commit_lost;
mod conflicts;
mod connection;
mod corpus_on_server;
mod coverage_scene;
mod decide;
mod decisions;
mod demo;
mod deploy;
mod doctor;
mod documents;
mod estate_facts;
mod estates;
mod facts;
mod files;
mod findings;
mod full_disk;
mod gate_concurrent;
mod gate_conflicts;
mod gate_privileges;
mod gate_rollback;
mod gate_scene;
mod gate_walk;
mod gate_worker;
mod gate_writers;
mod guests;
mod hostile_cli;
mod issues;
mod locks;
mod names;
mod pipeline;
mod plugin_build;
mod plugin_cases;
mod plugin_runtime;
mod policies;
mod policy;
mod privileges;
mod production;
mod recovery;
mod registry;
mod rollback_exact;
mod sessions;
mod snapshots;
mod sweep_estates;
mod sweep_fleet;
mod sweep_reports;
mod triggers_bad_input;
mod triggers_batches;
mod triggers_estates;
mod triggers_large;
mod triggers_privileges;
mod triggers_recovery;
mod triggers_rollback;
mod triggers_scene;
mod triggers_states;
mod triggers_walk;
mod triggers_writers;
mod walk;
