//! A process of the binary that stopped itself at an exact boundary, to be
//! killed or continued there.

use std::process::Child;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

#[cfg(target_os = "linux")]
use rustix::process::{Resource, Rlimit, prlimit};

use crate::cli::{Birth, Ran};

/// A stopped process. It is killed where it is neither killed nor resumed.
#[derive(Debug)]
pub struct Paused {
    child: Option<Child>,
}

impl Birth {
    /// Starts the command and returns when it has stopped itself right after
    /// an event is on the disk (`journal/writer.rs`, builds with debug
    /// assertions). The wait ends when the process does, and that is bounded
    /// by the process's own timeouts.
    pub fn pause_at(self, event: &str) -> Paused {
        let child = self.env("BIRTH_TEST_PAUSE_AT", event).start();
        let (_, status) = waitpid(Some(Pid::from_child(&child)), WaitOptions::UNTRACED)
            .expect("a child to wait for")
            .expect("a wait that blocks");
        if !status.stopped() {
            // It is reaped, but its pipes still hold what it said.
            let Child { stdout, stderr, .. } = child;
            let said = (
                stdout.map(std::io::read_to_string),
                stderr.map(std::io::read_to_string),
            );
            panic!("it ended before `{event}`: {status:?} {said:?}");
        }
        Paused { child: Some(child) }
    }
}

impl Paused {
    /// From now on none of its files can grow beyond a size: a write beyond it
    /// fails as one on a full disk does, where the process ignores SIGXFSZ.
    #[cfg(target_os = "linux")]
    pub fn limit_files(&self, bytes: u64) {
        let child = self.child.as_ref().expect("a process that was not ended");
        let limit = Rlimit {
            current: Some(bytes),
            maximum: None,
        };
        prlimit(Some(Pid::from_child(child)), Resource::Fsize, limit).expect("a limit");
    }

    /// Sends a signal, which it gets when it goes on.
    pub fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("a process that was not ended");
        kill_process(Pid::from_child(child), signal).expect("a signal");
    }

    /// kill -9; returns when it is dead.
    pub fn kill(mut self) {
        self.end();
    }

    /// Lets it go on until it stops itself at the event again, as a command
    /// that carries out several runs does.
    #[must_use]
    pub fn again(self) -> Self {
        let child = self.child.as_ref().expect("a process that was not ended");
        let pid = Pid::from_child(child);
        kill_process(pid, Signal::CONT).expect("a process to continue");
        let (_, status) = waitpid(Some(pid), WaitOptions::UNTRACED)
            .expect("a child to wait for")
            .expect("a wait that blocks");
        assert!(status.stopped(), "it ended before the event came again");
        self
    }

    /// Lets it go on to its end.
    pub fn resume(mut self) -> Ran {
        let child = self.child.take().expect("a process that was not ended");
        kill_process(Pid::from_child(&child), Signal::CONT).expect("a process to continue");
        Ran::from(child.wait_with_output().expect("a process to wait for"))
    }

    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a process to kill");
            child.wait().expect("a process to wait for");
        }
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        self.end();
    }
}
