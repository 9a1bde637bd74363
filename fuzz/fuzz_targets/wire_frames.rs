//! Frames: the same bytes in other pieces give the same frames or the same refusal; no frame is interpreted as a yes
//! unless it says so.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postern_wire::auth::{AnswerVerdict, AskVerdict};
use postern_wire::client::parse_reply;
use postern_wire::{Decoder, MAX_FRAME};

fn frames(bytes: &[u8], size: usize) -> Result<Vec<Vec<u8>>, ()> {
    let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
    for piece in bytes.chunks(size) {
        decoder.push(piece).map_err(drop)?;
        while let Some(frame) = decoder.next_frame(<[u8]>::to_vec) {
            assert!(frame.len() < MAX_FRAME);
            frames.push(frame);
        }
    }
    Ok(frames)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = (usize::from(input.0) + 1, input.1);
    let cut = frames(bytes, size);
    if bytes.len() < MAX_FRAME {
        assert_eq!(cut, frames(bytes, 1));
    }
    for frame in cut.into_iter().flatten() {
        let text = String::from_utf8_lossy(&frame).into_owned();
        if let Ok((AskVerdict::NotRequired { .. }, _)) = parse_reply::<AskVerdict>(&frame) {
            assert!(text.contains("not_required") || text.contains("\\u"));
        }
        if let Ok((AnswerVerdict::Accepted { .. }, _)) = parse_reply::<AnswerVerdict>(&frame) {
            assert!(text.contains("accepted") || text.contains("\\u"));
        }
        let _ = posternd::serve::call::read(&frame);
    }
});
