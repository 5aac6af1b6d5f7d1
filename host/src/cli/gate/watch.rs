//! `birth gate watch`.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::task::LocalSet;

use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::verdict::Severity;

use super::{Work, response};
use crate::cli::Output;
use crate::cli::options::duration;
use crate::probe::{About, Probe, serve};
use crate::run::failure::Failure;
use crate::run::watch::{Pace, watch};
use crate::run::{VERSION, signal};

/// Work off events as they come, until stopped.
///
/// Looks at the queue every --poll and works without a pause while there is
/// something to do. A database that goes away is waited for, with longer and
/// longer pauses. On SIGTERM or SIGINT it works on until the queue is empty, at
/// most for --drain-timeout, and exits 0.
///
/// With --listen it answers over HTTP: /healthz (the loop turns), /readyz (it
/// can work, else why not), /metrics (for Prometheus). Logs go to stderr, as
/// text or with --log-format json.
#[derive(Debug, Args)]
pub(super) struct Watch {
    /// How often an empty queue is looked at.
    #[arg(long, value_name = "DURATION", default_value = "250ms", value_parser = duration)]
    poll: Duration,
    /// How long the queue is worked off after the signal to stop.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    drain_timeout: Duration,
    /// Address for health, readiness and metrics, such as 127.0.0.1:9187.
    #[arg(long, value_name = "ADDRESS", env = "BIRTH_LISTEN")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    work: Work,
}

impl Watch {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let (worker, access) = self.work.worker(output)?;
        // Loaded now: what cannot run must not look like a worker.
        worker.coverage.codes(Severity::Finding)?;
        let about = About {
            version: VERSION,
            policy: worker.coverage.policy.digest().to_string(),
        };
        let pace = Pace {
            poll: self.poll,
            drain: self.drain_timeout,
        };
        // One turn may take a lock, run statements and wait in between.
        let timeouts = access.timeouts;
        let stalled_after = (timeouts.lock + timeouts.statement) * 4 + Duration::from_secs(60);
        let probe = Rc::new(Probe::new(&about, stalled_after));
        let listener = match self.listen {
            None => None,
            Some(address) => Some(listen(address).await?),
        };
        tracing::info!(
            queue = %worker.queue,
            database = access.connection.describe(),
            policy = about.policy,
            listen = self.listen.map(|address| address.to_string()),
            "watching"
        );
        let all = LocalSet::new()
            .run_until(async {
                if let Some(listener) = listener {
                    tokio::task::spawn_local(serve(listener, Rc::clone(&probe)));
                }
                watch(worker, &access, pace, probe, signal::watch()).await
            })
            .await;
        tracing::info!("stopped");
        output.response(&response("gate_watch_status", Status::Pass, None, &all))?;
        Ok(Exit::Status(Status::Pass))
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(
            FailureClass::Configuration,
            "ADDRESS_NOT_USABLE",
            format!("--listen {address}: {error}"),
        )
        .with_hint("name an address of this machine and a port that is free")
    })
}
