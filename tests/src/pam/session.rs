//! A host that measures itself: `host.py`, real libpam driven from Python.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Hosts;
use crate::{During, Error, Result, tools};

const PROGRAM: &str = include_str!("host.py");

/// What the host does.
#[derive(Serialize)]
pub struct Session<'a> {
    #[serde(skip)]
    hosts: &'a Hosts,
    service: &'a str,
    user: &'a str,
    /// The answers to the prompts; none: the conversation returns NULL.
    typed: Vec<Option<&'a str>>,
    /// Users and their answers, one transaction each, instead of repeating the same one.
    sequence: Vec<(&'a str, &'a str)>,
    /// A process that is killed at the first prompt.
    kill: u32,
    /// The number of consecutive transactions, and how many of them come before the host measures itself.
    times: usize,
    warm: usize,
    /// Transactions in child processes, one after another, and in threads, concurrently.
    forks: u32,
    threads: u32,
    /// Concurrent transactions that all wait at their prompts until they are continued.
    crowd: usize,
}

/// A host whose transactions wait at their prompts. It is ended when this is dropped.
pub struct Crowd {
    /// The number of transactions that wait.
    pub prompted: usize,
    /// The host's open files.
    pub fds: usize,
    host: Child,
    said: BufReader<ChildStdout>,
}

/// The results of a host.
#[derive(Debug, Deserialize)]
pub struct Ended {
    /// The results of pam_authenticate, in sequence.
    pub codes: Vec<i32>,
    /// The results of pam_setcred, for successful sign-ins.
    pub credentials: Vec<Option<i32>>,
    /// The results of the transactions in child processes.
    pub children: Vec<i32>,
    /// The results of the transactions in threads.
    pub parallel: Vec<i32>,
    /// The total time of the transactions after the warm-up.
    #[serde(deserialize_with = "seconds")]
    pub took: Duration,
    /// The CPU time of the host for these.
    #[serde(deserialize_with = "seconds")]
    pub cpu: Duration,
    /// The measurement after the warm-up.
    pub before: Seen,
    /// The measurement after all transactions.
    pub after: Seen,
    /// The signals that were caught before the module was loaded.
    pub handlers: String,
}

/// A host's measurement of itself.
#[derive(Debug, Deserialize)]
pub struct Seen {
    /// Open files.
    pub fds: u32,
    /// Threads.
    pub threads: u32,
    /// Resident memory in KiB.
    pub kib: u32,
    /// The signals that are caught.
    pub handlers: String,
}

fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Duration, D::Error> {
    f64::deserialize(deserializer).map(Duration::from_secs_f64)
}

impl<'a> Session<'a> {
    /// One transaction of Alice's, in which nothing is typed.
    pub fn new(hosts: &'a Hosts, service: &'a str) -> Session<'a> {
        let (typed, sequence) = (vec![None], Vec::new());
        let (user, kill, times, warm) = ("alice", 0, 1, 0);
        Session { hosts, service, user, typed, sequence, kill, times, warm, forks: 0, threads: 0, crowd: 0 }
    }

    /// Sets another user.
    #[must_use]
    pub fn user(mut self, user: &'a str) -> Self {
        self.user = user;
        self
    }

    /// Sets the answers to the prompts; the last one is repeated.
    #[must_use]
    pub fn typing(mut self, typed: &[&'a str]) -> Self {
        self.typed = typed.iter().copied().map(Some).collect();
        self
    }

    /// Kills a process at the first prompt.
    #[must_use]
    pub fn killing(mut self, pid: u32) -> Self {
        self.kill = pid;
        self
    }

    /// Runs `warm` transactions that are not measured, and then `times` that are.
    #[must_use]
    pub fn times(mut self, warm: usize, times: usize) -> Self {
        (self.warm, self.times) = (warm, warm + times);
        self
    }

    /// Runs one transaction for each user with that user's answer; the first `warm` are not measured.
    #[must_use]
    pub fn sequence(mut self, warm: usize, sequence: Vec<(&'a str, &'a str)>) -> Self {
        (self.warm, self.times) = (warm, sequence.len());
        self.sequence = sequence;
        self
    }

    /// Then runs this many in child processes, one after another.
    #[must_use]
    pub fn forking(mut self, forks: u32) -> Self {
        self.forks = forks;
        self
    }

    /// Then runs this many in threads, concurrently.
    #[must_use]
    pub fn threads(mut self, threads: u32) -> Self {
        self.threads = threads;
        self
    }

    /// Makes this many transactions wait at their prompts, and does nothing else.
    pub fn crowd(mut self, count: usize) -> Result<Crowd> {
        (self.times, self.crowd) = (0, count);
        let doing = "starting a host with many prompts";
        let mut host = self.command()?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().during(doing)?;
        let mut said = BufReader::new(host.stdout.take().ok_or_else(|| Error::new(doing))?);
        let mut line = String::new();
        said.read_line(&mut line).during(doing)?;
        #[derive(Deserialize)]
        struct Waiting {
            prompted: usize,
            fds: usize,
        }
        let waiting = serde_json::from_str(&line).map_err(|error| Error::new(format!("{error}: {line}")));
        let mut crowd = Crowd { prompted: 0, fds: 0, host, said };
        Waiting { prompted: crowd.prompted, fds: crowd.fds } = waiting?;
        Ok(crowd)
    }

    /// The command of the host, for callers that start many of them.
    pub fn command(&self) -> Result<Command> {
        let mut command = self.hosts.inside("python3");
        command.args(["-c", PROGRAM, &serde_json::to_string(self).map_err(|error| Error::new(error.to_string()))?]);
        Ok(command)
    }

    /// Runs the host. An error if anything was written to standard error: a module must not write there.
    pub fn run(self) -> Result<Ended> {
        let outcome = tools::run(&mut self.command()?, &[])?;
        if outcome.code != 0 || !outcome.stderr.is_empty() {
            return Err(Error::new(format!("{outcome:#?}")));
        }
        Ended::read(&outcome.stdout)
    }
}

impl Crowd {
    /// Answers the prompts of all transactions.
    pub fn go_on(mut self) -> Result<Ended> {
        let doing = "ending a host with many prompts";
        self.host.stdin.take().ok_or_else(|| Error::new(doing))?.write_all(b"\n").during(doing)?;
        let mut printed = String::new();
        self.said.read_to_string(&mut printed).during(doing)?;
        Ended::read(&printed)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.host.kill();
        let _ = self.host.wait();
    }
}

impl Ended {
    /// Reads the host's output. An error if there was anything else on standard output.
    pub fn read(printed: &str) -> Result<Ended> {
        serde_json::from_str(printed).map_err(|error| Error::new(format!("{error}: {printed}")))
    }
}
