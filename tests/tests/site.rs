//! A webmail other than Roundcube, with Postern in front of it.

use postern_tests::{Plan, Upstream, World};
use std::ops::{Deref, DerefMut};

/// A world in which time can be moved, and the webmail behind it. The front ends first.
pub(crate) struct Site<W> {
    world: World,
    pub(crate) webmail: W,
}

impl<W> Site<W> {
    /// Puts the front before `webmail`, which answers at `url`; `endpoints` are lines for `[webmail.doors]`.
    pub(crate) fn before(webmail: W, product: &'static str, url: String, endpoints: &'static str) -> Self {
        let upstream = Upstream::Product { product, url, endpoints };
        let world = World::start(Plan { upstream, movable_clock: true, ..Plan::default() }).unwrap();
        Self { world, webmail }
    }
}

impl<W> Deref for Site<W> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl<W> DerefMut for Site<W> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}
