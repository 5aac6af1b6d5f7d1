//! The engine that all plugins share, and the clock over their calls.
//!
//! Instances are allocated on demand. A pooling allocator was measured beside
//! it and was slower a call (116 against 90 microseconds, one pool slot reused)
//! and larger by three megabytes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasmtime::{Config, Engine, Store, UpdateDeadline};

use super::error::PluginError;
use super::limits::{Limits, Meter};

/// How often a running call's deadline is looked at.
const TICK: Duration = Duration::from_millis(20);

/// A Wasm engine with the settings of the policy boundary. Cloning is cheap.
#[derive(Clone)]
pub struct PluginEngine {
    engine: Engine,
    clock: Arc<Mutex<Clock>>,
}

impl std::fmt::Debug for PluginEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PluginEngine")
    }
}

impl PluginEngine {
    /// Makes an engine; a fraction of a millisecond.
    ///
    /// # Errors
    /// [`PluginError::Engine`] where the machine is none that the compiler knows.
    pub fn new() -> Result<Self, PluginError> {
        let engine = Engine::new(&config()).map_err(|e| PluginError::Engine {
            what: format!("{e:#}"),
        })?;
        Ok(Self {
            engine,
            clock: Arc::default(),
        })
    }

    pub(super) fn inner(&self) -> &Engine {
        &self.engine
    }

    /// A fresh store that holds its guest to the limits from now on.
    pub(super) fn store(&self, limits: &Limits, subjects: u32) -> Result<Guarded, PluginError> {
        let failed = |what: String| PluginError::Engine { what };
        let mut store = Store::new(&self.engine, Meter::new(limits));
        store.limiter(|meter| meter);
        store
            .set_fuel(limits.fuel(subjects))
            .map_err(|e| failed(format!("{e:#}")))?;
        store.set_hostcall_fuel(limits.answer_bytes(subjects));
        // A tick is for whichever call is overdue: the others go on.
        let deadline = Instant::now() + limits.deadline;
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            let overdue = Instant::now() >= deadline;
            Ok(if overdue {
                UpdateDeadline::Interrupt
            } else {
                UpdateDeadline::Continue(1)
            })
        });
        let running = Running::start(&self.engine, &self.clock)
            .map_err(|e| failed(format!("no thread for the deadline: {e}")))?;
        Ok(Guarded {
            store,
            _running: running,
        })
    }
}

/// A store, and the clock's knowledge that a call runs in it.
pub(super) struct Guarded {
    pub(super) store: Store<Meter>,
    _running: Running,
}

/// How many calls run, and whether a thread ticks for them.
#[derive(Default)]
struct Clock {
    calls: usize,
    ticking: bool,
}

/// One running call. While there is any, a plain thread ticks the engine's
/// epoch; a tick after the last one it ends, so that nothing wakes while no
/// plugin runs, and a burst of calls pays for one thread.
struct Running(Arc<Mutex<Clock>>);

impl Running {
    fn start(engine: &Engine, clock: &Arc<Mutex<Clock>>) -> std::io::Result<Self> {
        let mut state = lock(clock);
        if !state.ticking {
            let (engine, clock) = (engine.clone(), Arc::clone(clock));
            std::thread::Builder::new()
                .name("plugin-clock".to_owned())
                .stack_size(64 << 10)
                .spawn(move || tick(&engine, &clock))?;
            state.ticking = true;
        }
        state.calls += 1;
        Ok(Self(Arc::clone(clock)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.0).calls -= 1;
    }
}

fn tick(engine: &Engine, clock: &Mutex<Clock>) {
    loop {
        std::thread::sleep(TICK);
        engine.increment_epoch();
        let mut state = lock(clock);
        if state.calls == 0 {
            state.ticking = false;
            return;
        }
    }
}

/// The state is two plain numbers, whole even after a panic elsewhere.
fn lock(clock: &Mutex<Clock>) -> std::sync::MutexGuard<'_, Clock> {
    clock.lock().unwrap_or_else(PoisonError::into_inner)
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
