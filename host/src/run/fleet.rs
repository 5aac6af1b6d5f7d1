//! Sweeping many databases: bounded concurrency, results in order, and one that
//! fails or hangs hides nothing of the others.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;

use birth_core::coverage::SweepSummary;
use birth_core::outcome::FailureClass;

use super::failure::Failure;
use super::spool::Spool;

/// A database to be swept.
#[derive(Debug)]
pub struct Target<T> {
    /// What reports call it.
    pub name: String,
    /// What sweeps it, or why that could not be set up.
    pub setup: Result<T, Failure>,
}

/// What became of the sweep of one database.
#[derive(Debug)]
pub struct Swept {
    /// What reports call it.
    pub name: String,
    /// What the sweep came to.
    pub result: Result<SweepSummary, Failure>,
    /// The gaps; meant only where there is a summary.
    pub gaps: Spool,
}

/// Sweeps targets, `jobs` at a time, and gives what became of them in their
/// order. The time of each is limited: a database that stops to answer costs one
/// place for that long and nothing else.
///
/// One thread does it all: it waits for servers. While a plugin judges for one
/// database the others wait, which the plugin's own limits bound.
pub async fn sweep_all<T>(
    targets: Vec<Target<T>>,
    jobs: usize,
    limit: Duration,
    spool: &Spool,
    sweep: impl AsyncFn(&str, T, &mut Spool) -> Result<SweepSummary, Failure>,
) -> Vec<Swept> {
    let sweep = &sweep;
    let one = |(place, target): (usize, Target<T>)| async move {
        let mut gaps = spool.beside();
        let result = match target.setup {
            Err(failure) => Err(failure),
            Ok(setup) => {
                let swept = async {
                    let summary = sweep(&target.name, setup, &mut gaps).await?;
                    gaps.flush()?;
                    Ok(summary)
                };
                let ended = tokio::time::timeout(limit, swept).await;
                ended.unwrap_or_else(|_| Err(out_of_time(limit)))
            }
        };
        let swept = Swept {
            name: target.name,
            result,
            gaps,
        };
        (place, swept)
    };
    // Not `buffered`, which keeps the order by letting what is done hold its
    // place until everything before it is done as well.
    let mut swept: Vec<(usize, Swept)> = stream::iter(targets.into_iter().enumerate())
        .map(one)
        .buffer_unordered(jobs)
        .collect()
        .await;
    swept.sort_unstable_by_key(|(place, _)| *place);
    swept.into_iter().map(|(_, swept)| swept).collect()
}

fn out_of_time(limit: Duration) -> Failure {
    Failure::new(
        FailureClass::Connection,
        "TARGET_TIMEOUT",
        format!(
            "the sweep did not end within {} s and was given up; whether its last step was recorded is not known",
            limit.as_secs_f64()
        ),
    )
    .with_hint(
        "sweep again: what is recorded is found and not recorded twice; --target-timeout gives more time",
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use std::cell::Cell;
    use std::rc::Rc;

    use tokio::sync::Notify;

    use super::*;

    fn failure(code: &'static str) -> Failure {
        Failure::new(FailureClass::Schema, code, code)
    }

    fn target<T>(name: &str, setup: T) -> Target<T> {
        Target {
            name: name.into(),
            setup: Ok(setup),
        }
    }

    fn run<T>(
        targets: Vec<Target<T>>,
        jobs: usize,
        limit: Duration,
        sweep: impl AsyncFn(&str, T, &mut Spool) -> Result<SweepSummary, Failure>,
    ) -> Vec<(String, &'static str)> {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::create(directory.path().to_owned()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let swept = runtime.block_on(sweep_all(targets, jobs, limit, &spool, sweep));
        let code = |s: Swept| (s.name, s.result.unwrap_err().code);
        swept.into_iter().map(code).collect()
    }

    #[test]
    fn one_that_hangs_or_fails_hides_nothing() {
        let mut targets = vec![target("hangs", true), target("fails", false)];
        targets.push(Target {
            name: "not set up".into(),
            setup: Err(failure("SETUP")),
        });
        let limit = Duration::from_millis(20);
        let swept = run(targets, 1, limit, async |_, hangs, _| {
            if hangs {
                std::future::pending().await
            } else {
                Err(failure("SWEPT"))
            }
        });
        let expected = [
            ("hangs".to_owned(), "TARGET_TIMEOUT"),
            ("fails".to_owned(), "SWEPT"),
            ("not set up".to_owned(), "SETUP"),
        ];
        assert_eq!(swept, expected);
    }

    #[test]
    fn those_behind_a_slow_one_do_not_wait_for_it_and_the_order_stays() {
        let last_is_done = Rc::new(Notify::new());
        let targets: Vec<_> = (0..6).map(|n| target(&n.to_string(), n)).collect();
        let limit = Duration::from_secs(60);
        let swept = run(targets, 2, limit, async |_, n, _| {
            match n {
                0 => last_is_done.notified().await,
                5 => last_is_done.notify_one(),
                _ => tokio::task::yield_now().await,
            }
            Err(failure("SWEPT"))
        });
        let expected: Vec<_> = (0..6).map(|n| (n.to_string(), "SWEPT")).collect();
        assert_eq!(swept, expected);
    }

    #[test]
    fn no_more_run_at_the_same_time_than_asked() {
        for jobs in [1, 4, 100] {
            let (running, most) = (Cell::new(0), Cell::new(0));
            let targets: Vec<_> = (0..20).map(|n| target(&n.to_string(), ())).collect();
            let limit = Duration::from_secs(60);
            let swept = run(targets, jobs, limit, async |_, (), _| {
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                tokio::task::yield_now().await;
                running.set(running.get() - 1);
                Err(failure("SWEPT"))
            });
            assert_eq!(swept.len(), 20);
            assert_eq!(most.get(), jobs.min(20));
        }
    }
}
