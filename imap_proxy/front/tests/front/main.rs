//! What every front shares, over real sockets: the way to the daemon.

mod daemon;
