//! Clusters as their users see them, on every server under test
//! (`BIRTH_TEST_PG_MAJORS`).

mod wire;

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use birth_cluster::{Cluster, ClusterError, ClusterOptions, ServerBinaries, Shutdown};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};

type TestResult = Result<(), Box<dyn Error>>;

#[test]
fn a_cluster_answers_and_leaves_nothing_behind() -> TestResult {
    for binaries in ServerBinaries::under_test()? {
        let cluster = Cluster::start(&binaries, &ClusterOptions::default())?;
        let version: u32 = wire::query(&cluster, "SHOW server_version_num")?.parse()?;
        assert_eq!(version / 10_000, binaries.version());
        assert_eq!(wire::query(&cluster, "SHOW listen_addresses")?, "");
        let password = "SELECT split_part(rolpassword, '$', 1) FROM pg_authid WHERE rolsuper";
        assert_eq!(wire::query(&cluster, password)?, "SCRAM-SHA-256");
        let remains = Remains::of(&cluster)?;
        drop(cluster);
        assert_eq!(
            remains.left(),
            Vec::<String>::new(),
            "PostgreSQL {}",
            binaries.version()
        );
    }
    Ok(())
}

#[test]
fn two_clusters_live_side_by_side() -> TestResult {
    let binaries = ServerBinaries::find()?;
    let one = Cluster::start(&binaries, &ClusterOptions::default())?;
    let two = Cluster::start(&binaries, &ClusterOptions::default())?;
    wire::query(&one, "CREATE TABLE only_in_one ()")?;
    assert_eq!(
        wire::query(
            &one,
            "SELECT count(*) FROM pg_class WHERE relname = 'only_in_one'"
        )?,
        "1"
    );
    drop(one);
    assert_eq!(
        wire::query(
            &two,
            "SELECT count(*) FROM pg_class WHERE relname = 'only_in_one'"
        )?,
        "0"
    );
    Ok(())
}

#[test]
fn commits_survive_every_way_of_stopping() -> TestResult {
    let mut cluster = Cluster::start(&ServerBinaries::find()?, &ClusterOptions::default())?;
    wire::query(&cluster, "CREATE TABLE survivor (n int)")?;
    for (n, shutdown) in [Shutdown::Fast, Shutdown::Immediate, Shutdown::Kill]
        .into_iter()
        .enumerate()
    {
        wire::query(&cluster, "INSERT INTO survivor VALUES (1)")?;
        cluster.stop(shutdown)?;
        assert_eq!(cluster.pid(), None);
        assert!(wire::query(&cluster, "SELECT 1").is_err());
        cluster.restart()?;
        assert_eq!(
            wire::query(&cluster, "SELECT count(*) FROM survivor")?,
            (n + 1).to_string()
        );
    }
    Ok(())
}

#[test]
fn options_reach_the_server() -> TestResult {
    let options = ClusterOptions {
        hba: vec!["local all nobody_else reject".to_owned()],
        files: [("motd".to_owned(), b"hello".to_vec())].into(),
        ..ClusterOptions::default()
            .tcp()
            .setting("max_locks_per_transaction", "17")
    };
    let cluster = Cluster::start(&ServerBinaries::find()?, &options)?;
    assert_eq!(
        wire::query(&cluster, "SHOW max_locks_per_transaction")?,
        "17"
    );
    assert_eq!(
        wire::query(&cluster, "SELECT pg_read_file('motd')")?,
        "hello"
    );
    assert_eq!(
        wire::query(
            &cluster,
            "SELECT user_name[1] FROM pg_hba_file_rules LIMIT 1"
        )?,
        "nobody_else"
    );
    let tcp = TcpStream::connect(("127.0.0.1", cluster.port()))?;
    assert_eq!(
        wire::requested_authentication(tcp)?,
        wire::SASL,
        "TCP must ask for a password"
    );
    Ok(())
}

#[test]
fn a_server_that_does_not_start_shows_its_log() -> TestResult {
    let options = ClusterOptions::default().setting("max_connections", "none");
    let error = Cluster::start(&ServerBinaries::find()?, &options).err();
    let Some(ClusterError::Start { log, .. }) = error else {
        return Err(format!("{error:?}").into());
    };
    assert!(log.contains("max_connections"), "{log}");
    Ok(())
}

#[test]
fn a_file_outside_the_data_directory_is_refused() -> TestResult {
    let options = ClusterOptions {
        files: [("../x".to_owned(), vec![])].into(),
        ..ClusterOptions::default()
    };
    let error = Cluster::start(&ServerBinaries::find()?, &options).err();
    assert!(
        matches!(error, Some(ClusterError::FileName { .. })),
        "{error:?}"
    );
    Ok(())
}

#[test]
fn a_kept_cluster_stays_until_its_command_is_run() -> TestResult {
    let cluster = Cluster::start(&ServerBinaries::find()?, &ClusterOptions::default())?;
    let remains = Remains::of(&cluster)?;
    let (host, port) = (cluster.host().to_owned(), cluster.port());
    let kept = cluster.keep()?;
    assert!(kept.url.contains(&host), "{}", kept.url);
    assert_eq!(wire::query_at(&host, port, "SELECT 1")?, "1");
    let status = Command::new("/bin/sh")
        .args(["-c", &kept.stop_command])
        .status()?;
    assert!(status.success(), "{}", kept.stop_command);
    assert_eq!(remains.left(), Vec::<String>::new());
    Ok(())
}

#[test]
fn the_death_of_the_owner_leaves_nothing_behind() -> TestResult {
    type Kill = fn(Pid) -> rustix::io::Result<()>;
    let ways: [(&str, Kill); 3] = [
        ("kill -9", |owner| kill_process(owner, Signal::KILL)),
        ("kill -9 of its process group", |owner| {
            kill_process_group(owner, Signal::KILL)
        }),
        ("Ctrl-C", |owner| kill_process_group(owner, Signal::INT)),
    ];
    for (way, kill) in ways {
        let mut owner = Command::new(std::env::current_exe()?)
            .args([
                "--exact",
                "holds_a_cluster_until_killed",
                "--ignored",
                "--nocapture",
            ])
            .process_group(0)
            .stdout(Stdio::piped())
            .spawn()?;
        let pid = Pid::from_child(&owner);
        let remains = BufReader::new(owner.stdout.take().ok_or("no output")?)
            .lines()
            .find_map(|line| Remains::parse(&line.ok()?))
            .ok_or("the helper started no cluster")?;
        assert!(
            remains.left().len() >= 3,
            "directory, supervisor, server: {:?}",
            remains.left()
        );
        kill(pid)?;
        owner.wait()?;
        let deadline = Instant::now() + Duration::from_secs(20);
        while !remains.left().is_empty() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(remains.left(), Vec::<String>::new(), "{way}");
    }
    Ok(())
}

#[test]
#[ignore = "not a test: the process that `the_death_of_the_owner_leaves_nothing_behind` kills"]
#[expect(clippy::print_stdout, reason = "tells the test what to look for")]
fn holds_a_cluster_until_killed() -> TestResult {
    let cluster = Cluster::start(&ServerBinaries::find()?, &ClusterOptions::default())?;
    println!("{}", Remains::of(&cluster)?.line());
    thread::sleep(Duration::from_secs(60));
    Ok(())
}

/// What a cluster would leave behind: its directory, server, backends and
/// supervisor.
struct Remains {
    directory: PathBuf,
    processes: Vec<i32>,
}

impl Remains {
    fn of(cluster: &Cluster) -> Result<Self, Box<dyn Error>> {
        let server = cluster.pid().ok_or("not running")?;
        let stat = std::fs::read_to_string(format!("/proc/{server}/stat")).unwrap_or_default();
        let children = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children"))
            .unwrap_or_default();
        // After the name in parentheses come the state and the parent.
        let supervisor = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .nth(1);
        let processes = supervisor
            .into_iter()
            .chain(children.split_whitespace())
            .map(str::parse);
        let mut processes = processes.collect::<Result<Vec<i32>, _>>()?;
        processes.push(i32::try_from(server)?);
        Ok(Self {
            directory: cluster.directory().to_owned(),
            processes,
        })
    }

    fn line(&self) -> String {
        let processes: Vec<String> = self.processes.iter().map(i32::to_string).collect();
        format!(
            "\nremains {} {}",
            processes.join(","),
            self.directory.display()
        )
    }

    fn parse(line: &str) -> Option<Self> {
        let (processes, directory) = line.strip_prefix("remains ")?.split_once(' ')?;
        let processes = processes
            .split(',')
            .map(str::parse)
            .collect::<Result<Vec<i32>, _>>()
            .ok()?;
        Some(Self {
            directory: Path::new(directory).to_owned(),
            processes,
        })
    }

    fn left(&self) -> Vec<String> {
        let running = self
            .processes
            .iter()
            .filter(|pid| Pid::from_raw(**pid).is_some_and(|pid| test_kill_process(pid).is_ok()));
        let directory = self
            .directory
            .exists()
            .then(|| self.directory.display().to_string());
        running.map(i32::to_string).chain(directory).collect()
    }
}
