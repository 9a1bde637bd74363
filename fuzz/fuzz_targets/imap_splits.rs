//! The IMAP splitter: the same bytes in other pieces give the same commands, and no byte is lost or added.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_mail::imap::splitter::{MAX_COMMAND, Split, Splitter};

/// The results for `bytes` in pieces of `size`: each line or command, and the rest; none if one is too long. Every
/// `nth` time a line is requested instead of a command, as when a client answers a challenge.
fn splits(bytes: &[u8], size: usize, nth: usize) -> (Vec<Split>, Option<Vec<u8>>) {
    let (mut splitter, mut all, mut taken) = (Splitter::default(), Vec::new(), 0);
    for piece in bytes.chunks(size) {
        splitter.push(piece);
        loop {
            let split = if taken % nth == nth - 1 { splitter.line() } else { splitter.command() };
            match &split {
                Split::Incomplete => break,
                Split::TooLong { is_over, .. } => {
                    all.push(Split::TooLong { start: Vec::new(), is_over: *is_over });
                    return (all, None);
                }
                Split::Whole(message) => {
                    assert!(message.len() <= MAX_COMMAND && message.ends_with(b"\n"));
                    taken += 1;
                }
                Split::Invite => {}
            }
            all.push(split);
        }
    }
    (all, Some(splitter.rest().to_vec()))
}

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (size, nth, bytes) = (usize::from(input.0) + 1, usize::from(input.1) + 1, input.2);
    let (all, rest) = splits(bytes, size, nth);
    assert_eq!((&all, &rest), (&splits(bytes, 1, nth).0, &splits(bytes, bytes.len().max(1), nth).1));
    let Some(rest) = rest else { return };
    let whole =
        all.iter().filter_map(|split| if let Split::Whole(message) = split { Some(&message[..]) } else { None });
    assert_eq!(whole.chain([&rest[..]]).collect::<Vec<_>>().concat(), bytes);
});
