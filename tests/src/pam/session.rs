//! A host that prints numbers: `host.py`, real libpam driven from Python.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Hosts;
use crate::{During, Error, Result, tools};

const PROGRAM: &str = include_str!("host.py");

/// What the host is to do.
#[derive(Serialize)]
pub struct Session<'a> {
    #[serde(skip)]
    hosts: &'a Hosts,
    service: &'a str,
    user: &'a str,
    /// What is typed at the prompts; none: the conversation gives NULL.
    typed: Vec<Option<&'a str>>,
    /// Users and what they type, one transaction each, instead of the same again and again.
    sequence: Vec<(&'a str, &'a str)>,
    /// A process that is killed at the first prompt.
    kill: u32,
    /// Transactions one after another, and how many of them come before the host looks at itself.
    times: usize,
    warm: usize,
    /// Transactions in children, one after another, and in threads, at once.
    forks: u32,
    threads: u32,
    /// Transactions at once, all of which wait at their prompts until they are told to go on.
    crowd: usize,
}

/// A host whose transactions wait at their prompts. It ends with this.
pub struct Crowd {
    /// How many of them.
    pub prompted: usize,
    /// Files that the host has open.
    pub fds: usize,
    host: Child,
    said: BufReader<ChildStdout>,
}

/// What became of it.
#[derive(Debug, Deserialize)]
pub struct Ended {
    /// Of pam_authenticate, one after another.
    pub codes: Vec<i32>,
    /// Of pam_setcred, for who got in.
    pub credentials: Vec<Option<i32>>,
    /// Of the transactions in children.
    pub children: Vec<i32>,
    /// Of the transactions in threads.
    pub parallel: Vec<i32>,
    /// How long those after the warm ones took, together.
    #[serde(deserialize_with = "seconds")]
    pub took: Duration,
    /// How much CPU of the host.
    #[serde(deserialize_with = "seconds")]
    pub cpu: Duration,
    /// After the warm ones.
    pub before: Seen,
    /// After all.
    pub after: Seen,
    /// Signals that were caught before the module was loaded.
    pub handlers: String,
}

/// What the host sees of itself.
#[derive(Debug, Deserialize)]
pub struct Seen {
    /// Open files.
    pub fds: u32,
    /// Threads.
    pub threads: u32,
    /// Resident memory.
    pub kib: u32,
    /// Signals that are caught.
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

    /// Somebody else.
    #[must_use]
    pub fn user(mut self, user: &'a str) -> Self {
        self.user = user;
        self
    }

    /// Answers the prompts, the last one again and again.
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

    /// Does `warm` transactions that are not measured, and then `times` that are.
    #[must_use]
    pub fn times(mut self, warm: usize, times: usize) -> Self {
        (self.warm, self.times) = (warm, warm + times);
        self
    }

    /// One transaction for each user and what that one types; the first `warm` are not measured.
    #[must_use]
    pub fn sequence(mut self, warm: usize, sequence: Vec<(&'a str, &'a str)>) -> Self {
        (self.warm, self.times) = (warm, sequence.len());
        self.sequence = sequence;
        self
    }

    /// Then as many in children, one after another.
    #[must_use]
    pub fn forking(mut self, forks: u32) -> Self {
        self.forks = forks;
        self
    }

    /// Then as many in threads, at once.
    #[must_use]
    pub fn threads(mut self, threads: u32) -> Self {
        self.threads = threads;
        self
    }

    /// Has so many transactions wait at their prompts, and does nothing else.
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

    /// The command that does it, for who starts many of them.
    pub fn command(&self) -> Result<Command> {
        let mut command = self.hosts.inside("python3");
        command.args(["-c", PROGRAM, &serde_json::to_string(self).map_err(|error| Error::new(error.to_string()))?]);
        Ok(command)
    }

    /// Does it. An error if anything was said on standard error: a module says nothing there.
    pub fn run(self) -> Result<Ended> {
        let outcome = tools::run(&mut self.command()?, &[])?;
        if outcome.code != 0 || !outcome.stderr.is_empty() {
            return Err(Error::new(format!("{outcome:#?}")));
        }
        Ended::read(&outcome.stdout)
    }
}

impl Crowd {
    /// Gives all of them what is typed.
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
    /// Reads what the host printed. An error if there was more than that on standard output.
    pub fn read(printed: &str) -> Result<Ended> {
        serde_json::from_str(printed).map_err(|error| Error::new(format!("{error}: {printed}")))
    }
}
