//! The engine that all plugins share, and the watchdog over a call.
//!
//! Instances are allocated on demand: a run makes a handful of calls, and the
//! pooling allocator would pay for its pool at every start to save microseconds
//! a call.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use wasmtime::{Config, Engine, Store, UpdateDeadline};

use super::error::PluginError;
use super::limits::{Limits, Meter};

/// A Wasm engine with the settings of the policy boundary. Cloning is cheap.
#[derive(Clone)]
pub struct PluginEngine(Engine);

impl std::fmt::Debug for PluginEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PluginEngine")
    }
}

impl PluginEngine {
    /// Makes an engine; about a tenth of a millisecond.
    ///
    /// # Errors
    /// [`PluginError::Engine`] where the machine is none that the compiler knows.
    pub fn new() -> Result<Self, PluginError> {
        Engine::new(&config())
            .map(Self)
            .map_err(|e| PluginError::Engine { what: format!("{e:#}") })
    }

    pub(super) fn inner(&self) -> &Engine {
        &self.0
    }

    /// A fresh store that holds its guest to the limits from now on.
    pub(super) fn store(
        &self,
        limits: &Limits,
        subjects: u32,
    ) -> Result<Guarded, PluginError> {
        let failed = |what: String| PluginError::Engine { what };
        let mut store = Store::new(&self.0, Meter::new(limits));
        store.limiter(|meter| meter);
        store.set_fuel(limits.fuel(subjects)).map_err(|e| failed(format!("{e:#}")))?;
        store.set_hostcall_fuel(limits.answer_bytes(subjects));
        // A tick is for whichever call is overdue: the others go on.
        let deadline = Instant::now() + limits.deadline;
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            let overdue = Instant::now() >= deadline;
            Ok(if overdue { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
        });
        let watchdog = Watchdog::start(self.0.clone(), limits.deadline)
            .map_err(|e| failed(format!("no thread for the deadline: {e}")))?;
        Ok(Guarded { store, _watchdog: watchdog })
    }
}

/// A store with its watchdog.
pub(super) struct Guarded {
    pub(super) store: Store<Meter>,
    _watchdog: Watchdog,
}

/// A plain thread that ticks the engine's epoch once when time is up. It lives
/// as long as one call, so that nothing ticks while no plugin runs.
struct Watchdog {
    _stop: mpsc::Sender<()>,
}

impl Watchdog {
    fn start(engine: Engine, after: Duration) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        std::thread::Builder::new()
            .name("plugin-deadline".to_owned())
            .stack_size(64 << 10)
            .spawn(move || {
                if stopped.recv_timeout(after) == Err(RecvTimeoutError::Timeout) {
                    engine.increment_epoch();
                }
            })?;
        Ok(Self { _stop: stop })
    }
}

/// Everything that could make an answer differ between two runs, or that no
/// plugin needs, is off.
fn config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .concurrency_support(false)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        // Plugins are stripped, so a backtrace would only name addresses.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false);
    config
}
