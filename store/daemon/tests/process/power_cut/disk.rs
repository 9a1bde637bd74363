//! A disk that loses unsynced data, strictly as POSIX allows: a file's data survives a power cut if an fsync or
//! fdatasync of that file has returned, and a name survives if an fsync of its directory has. Most file systems
//! guarantee more (ext4 keeps the name of a new file that was synced itself).
//!
//! Unsynced data may survive nevertheless, in part and in any order: each write separately, split into sectors, and
//! each directory in any of its states since its last sync.

use super::recorder::Step;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// The unit that a disk writes atomically.
const SECTOR: usize = 512;

/// What happens to unsynced data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsynced {
    /// All of it is lost.
    Gone,
    /// All of it is present, as after kill -9.
    There,
    /// Some of it is present; the number is the random seed.
    Torn(u64),
}

/// The disk after the steps that were applied.
pub(crate) struct Disk<'log> {
    nodes: Vec<Node<'log>>,
    /// The current node of each inode number: file systems reuse the numbers of removed files.
    by_inode: HashMap<u64, usize>,
}

enum Node<'log> {
    File { synced: Vec<u8>, since: Vec<Change<'log>> },
    Directory { synced: Names<'log>, since: Vec<Names<'log>> },
}

type Names<'log> = BTreeMap<&'log str, usize>;

#[derive(Clone, Copy)]
enum Change<'log> {
    Write(usize, &'log [u8]),
    Size(usize),
}

/// A file or a directory as found after the power cut.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    File(Vec<u8>),
    Directory(BTreeMap<String, Tree>),
}

impl<'log> Disk<'log> {
    /// Creates a disk with an empty directory of this inode number.
    pub(crate) fn new(root: u64) -> Self {
        let mut disk = Self { nodes: Vec::new(), by_inode: HashMap::new() };
        disk.make(root, true);
        disk
    }

    fn make(&mut self, inode: u64, is_directory: bool) {
        self.by_inode.insert(inode, self.nodes.len());
        self.nodes.push(if is_directory {
            Node::Directory { synced: Names::new(), since: Vec::new() }
        } else {
            Node::File { synced: Vec::new(), since: Vec::new() }
        });
    }

    /// Applies a step.
    pub(crate) fn follow(&mut self, step: Step<'log>) {
        match step {
            Step::New { inode, is_directory } => self.make(inode, is_directory),
            Step::Write { inode, at, bytes } => self.change(inode, Change::Write(at, bytes)),
            Step::Size { inode, length } => self.change(inode, Change::Size(length)),
            Step::Names { inode, names } => {
                let known = |line: &'log str| {
                    let (inode, name) = line.split_once(' ')?;
                    // Sockets and files from before the recording are ignored.
                    Some((name, *self.by_inode.get(&inode.parse().ok()?)?))
                };
                let names = names.split_terminator('\0').filter_map(known).collect();
                match &mut self.nodes[self.by_inode[&inode]] {
                    Node::Directory { since, .. } => since.push(names),
                    Node::File { .. } => panic!("names in a file"),
                }
            }
            Step::Sync { inode } => match &mut self.nodes[self.by_inode[&inode]] {
                Node::File { synced, since } => since.drain(..).for_each(|change| change.make(synced)),
                Node::Directory { synced, since } => {
                    if let Some(last) = since.drain(..).next_back() {
                        *synced = last;
                    }
                }
            },
            Step::Reply | Step::Mark(_) => {}
        }
    }

    fn change(&mut self, inode: u64, change: Change<'log>) {
        match &mut self.nodes[self.by_inode[&inode]] {
            Node::File { since, .. } => since.push(change),
            Node::Directory { .. } => panic!("bytes in a directory"),
        }
    }

    /// Returns the root directory after a power cut at this moment.
    pub(crate) fn after_a_cut(&self, unsynced: Unsynced) -> Tree {
        let seed = if let Unsynced::Torn(seed) = unsynced { seed } else { 0 };
        self.found(0, unsynced, &mut Chance(seed))
    }

    fn found(&self, node: usize, unsynced: Unsynced, chance: &mut Chance) -> Tree {
        match &self.nodes[node] {
            Node::File { synced, since } => {
                let mut bytes = synced.clone();
                for change in since {
                    match unsynced {
                        Unsynced::Gone => {}
                        Unsynced::There => change.make(&mut bytes),
                        Unsynced::Torn(_) => change.make_in_part(&mut bytes, chance),
                    }
                }
                Tree::File(bytes)
            }
            Node::Directory { synced, since } => {
                let names = match unsynced {
                    Unsynced::Gone => synced,
                    Unsynced::There => since.last().unwrap_or(synced),
                    Unsynced::Torn(_) => match chance.below(since.len() + 1) {
                        0 => synced,
                        later => &since[later - 1],
                    },
                };
                let tree = |(name, node): (&&str, &usize)| ((*name).to_owned(), self.found(*node, unsynced, chance));
                Tree::Directory(names.iter().map(tree).collect())
            }
        }
    }
}

impl Change<'_> {
    fn make(self, file: &mut Vec<u8>) {
        match self {
            Self::Write(at, bytes) => {
                let end = at + bytes.len();
                // The gap reads as zeros.
                file.resize(file.len().max(end), 0);
                file[at..end].copy_from_slice(bytes);
            }
            Self::Size(length) => file.resize(length, 0),
        }
    }

    fn make_in_part(self, file: &mut Vec<u8>, chance: &mut Chance) {
        match (self, chance.below(4)) {
            (_, 0) => {}
            (Self::Write(at, bytes), 1 | 2) => {
                let mut from = 0;
                while from < bytes.len() {
                    let to = bytes.len().min(from + SECTOR - (at + from) % SECTOR);
                    if chance.below(2) == 0 {
                        Self::Write(at + from, &bytes[from..to]).make(file);
                    }
                    from = to;
                }
            }
            (change, _) => change.make(file),
        }
    }
}

impl Tree {
    /// Returns the entry of this name.
    pub(crate) fn entry(&self, name: &str) -> Option<&Self> {
        match self {
            Self::File(_) => None,
            Self::Directory(entries) => entries.get(name),
        }
    }

    /// Reads the actual files at `path`; none if there are none.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        if !path.is_dir() {
            return fs::read(path).ok().map(Self::File);
        }
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
        let read = |entry: fs::DirEntry| Some((entry.file_name().into_string().ok()?, Self::read(&entry.path())?));
        Some(Self::Directory(entries.filter_map(read).collect()))
    }

    /// Writes it to `path`, where no file exists.
    pub(crate) fn write(&self, path: &Path) {
        match self {
            Self::File(bytes) => {
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
                file.write_all(bytes).unwrap();
            }
            Self::Directory(entries) => {
                DirBuilder::new().mode(0o700).create(path).unwrap();
                entries.iter().for_each(|(name, tree)| tree.write(&path.join(name)));
            }
        }
    }
}

/// A deterministic random number generator (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// Returns any number.
    pub(crate) fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 up to, but not including, `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.any() % end as u64) as usize
    }
}
