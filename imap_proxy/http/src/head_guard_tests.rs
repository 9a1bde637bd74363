use super::*;
use proptest::prelude::*;

/// The guard's result for a connection's bytes when they arrive in pieces of these sizes.
fn scan(bytes: &[u8], sizes: &[usize]) -> Result<(), Refusal> {
    let mut guard = HeadGuard::default();
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at((*size).min(rest.len()));
        guard.scan(piece).map_err(|violation| violation.refusal)?;
        rest = behind;
    }
    Ok(())
}

fn whole(bytes: impl AsRef<[u8]>) -> Result<(), Refusal> {
    scan(bytes.as_ref(), &[usize::MAX])
}

fn with(fields: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

/// Bytes of connections, and the expected results.
const SAMPLES: &[(&[u8], Result<(), Refusal>)] = &[
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", Ok(())),
    (b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", Ok(())),
    (b"GET /?_task=mail&_mbox=INBOX%2FSent HTTP/1.1\r\nhost:a\r\nX: \xc3\xa9\t1\r\nE:\r\n\r\n", Ok(())),
    // Several messages in sequence, with bodies of both kinds.
    (b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\0\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Ok(())),
    (b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Ok(())),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=\"b\"\r\n\0\r\n\0\n\r\n0A\r\n0123456789\r\n0\r\n\
       Server-Timing: x\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Ok(())),
    (b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbodyGET / HTTP/1.1\r\n\r\n", Err(Refusal::Host)),
    (b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody!GET / HTTP/9\r\n\r\n", Err(Refusal::RequestLine)),
    // Two lengths.
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", Err(Refusal::Coding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", Err(Refusal::Coding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", Err(Refusal::Length)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n", Err(Refusal::Length)),
    (b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", Err(Refusal::Coding)),
    // Lines.
    (b"GET / HTTP/1.1\nHost: a\n\n", Err(Refusal::Line)),
    (b"GET / HTTP/1.1\r\nHost: a\n\r\n", Err(Refusal::Line)),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\n", Err(Refusal::Line)),
    (b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", Err(Refusal::Line)),
    (b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", Err(Refusal::Line)),
    (b"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", Err(Refusal::Line)),
    (b"GET / HTTP/1.1\r\nHost: a\x7f\r\n\r\n", Err(Refusal::Line)),
    (b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", Err(Refusal::Line)),
    // Request lines.
    (b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"GET /\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"GET / http/1.1\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"GET https://b/ HTTP/1.1\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", Err(Refusal::RequestLine)),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Err(Refusal::RequestLine)),
    // Fields.
    (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", Err(Refusal::Field)),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\tfolded: b\r\n\r\n", Err(Refusal::Field)),
    (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", Err(Refusal::Field)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\n", Err(Refusal::Field)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n", Err(Refusal::Field)),
    (b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", Err(Refusal::Field)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent\xc2\xadLength: 5\r\n\r\n", Err(Refusal::Field)),
    (b"GET / HTTP/1.1\r\n\r\n", Err(Refusal::Host)),
    (b"GET / HTTP/1.0\r\n\r\n", Err(Refusal::Host)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Err(Refusal::Host)),
    // Chunks.
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", Err(Refusal::Chunk)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\n", Err(Refusal::Chunk)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n", Err(Refusal::Chunk)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\n", Err(Refusal::Chunk)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\n01234\r\n", Err(Refusal::Line)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;\rx\r\n01234\r\n", Err(Refusal::Line)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n012345\r\n", Err(Refusal::Chunk)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n", Err(Refusal::Chunk)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: b\r\n\r\n", Err(Refusal::Trailer)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nfolded\r\n\r\n", Err(Refusal::Field)),
];

#[test]
fn each_sample_gets_its_verdict() {
    for (bytes, verdict) in SAMPLES {
        assert_eq!(whole(bytes), *verdict, "{}", bytes.escape_ascii());
        assert_eq!(scan(bytes, &[1]), *verdict, "byte by byte: {}", bytes.escape_ascii());
    }
}

#[test]
fn one_word_is_a_coding() {
    for value in [
        "xchunked",
        "chunked, identity",
        "identity, chunked",
        "identity",
        "gzip, chunked",
        "\"chunked\"",
        "",
        "chunked;q=1",
        "chunked chunked",
    ] {
        assert_eq!(whole(with(&format!("Transfer-Encoding: {value}\r\n"))), Err(Refusal::Coding), "{value}");
    }
    let twice = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n";
    assert_eq!(whole(with(twice)), Err(Refusal::Coding));
    assert_eq!(whole(with("Transfer-Encoding:\tCHUNKED \r\n")), Ok(()));
}

#[test]
fn one_number_is_a_length() {
    for value in ["+5", "-5", "5, 5", "5,5", "5 5", "0x5", "5.0", "", "١", "18446744073709551616"] {
        assert_eq!(whole(with(&format!("Content-Length: {value}\r\n"))), Err(Refusal::Length), "{value}");
    }
    assert_eq!(whole(with("Content-Length:  18446744073709551615 \r\n")), Ok(()));
}

#[test]
fn each_limit_stands_where_it_says() {
    assert_eq!((MAX_LINE, MAX_HEAD, MAX_FIELDS, MAX_CHUNK_LINE, MAX_METHOD), (16_384, 65_536, 100, 256, 32));
    let line = |length: usize| format!("X: {}\r\n", "x".repeat(length - 5));
    assert_eq!(whole(with(&line(MAX_LINE))), Ok(()));
    assert_eq!(whole(with(&line(MAX_LINE + 1))), Err(Refusal::TooLarge));
    // Refused as soon as it is too long, not only when it ends.
    assert_eq!(whole(&with(&line(MAX_LINE + 9)).as_bytes()[..MAX_LINE + 30]), Err(Refusal::TooLarge));

    let head = with("").len();
    let full = line(MAX_LINE).repeat(3) + &line(MAX_LINE - head);
    assert_eq!(whole(with(&full)), Ok(()));
    assert_eq!(whole(with(&full)), scan(with(&full).as_bytes(), &[7]));
    assert_eq!(whole(with(&(full + "X:\r\n"))), Err(Refusal::TooLarge));

    assert_eq!(whole(with(&"X: y\r\n".repeat(MAX_FIELDS - 1))), Ok(()));
    assert_eq!(whole(with(&"X: y\r\n".repeat(MAX_FIELDS))), Err(Refusal::TooLarge));

    let chunk = |extension: usize| with("Transfer-Encoding: chunked\r\n") + "1;" + &"x".repeat(extension) + "\r\n";
    assert_eq!(whole(chunk(MAX_CHUNK_LINE - 4)), Ok(()));
    assert_eq!(whole(chunk(MAX_CHUNK_LINE - 3)), Err(Refusal::TooLarge));

    let method = |length: usize| format!("{} / HTTP/1.1\r\n", "M".repeat(length));
    assert_eq!(whole(method(MAX_METHOD)), Ok(()));
    assert_eq!(whole(method(MAX_METHOD + 1)), Err(Refusal::RequestLine));

    let trailers = with("Transfer-Encoding: chunked\r\n") + "0\r\n" + &"X: y\r\n".repeat(MAX_FIELDS);
    assert_eq!(whole(&trailers), Ok(()));
    assert_eq!(whole(trailers + "X: y\r\n"), Err(Refusal::TooLarge));
}

#[test]
fn long_bodies_in_many_chunks_do_not_use_up_the_head() {
    let mut bytes = with("Transfer-Encoding: chunked\r\n").into_bytes();
    for _ in 0..MAX_HEAD / 4 {
        bytes.extend_from_slice(b"1;abc\r\nx\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(whole(bytes), Ok(()));
}

#[test]
fn the_bad_line_is_pointed_at() {
    let mut guard = HeadGuard::default();
    let violation = guard.scan(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n").unwrap_err();
    assert_eq!(violation, Violation { refusal: Refusal::Field, at: 16 });
    assert_eq!(guard.scan(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Err(Violation { refusal: Refusal::Field, at: 0 }));
}

/// Requests in sequence, valid and invalid.
fn connections() -> impl Strategy<Value = Vec<u8>> {
    let sample = prop::sample::select(SAMPLES).prop_map(|(bytes, _)| bytes.to_vec());
    let spoilt = (sample.clone(), any::<prop::sample::Index>(), prop::sample::select(b"\0\r\n :;a1,\t\x80".as_slice()))
        .prop_map(|(mut bytes, at, byte)| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        });
    prop::collection::vec(prop_oneof![3 => sample, 1 => spoilt], 1..4).prop_map(|messages| messages.concat())
}

proptest! {
    #[test]
    fn pieces_do_not_matter(bytes in connections(), sizes in prop::collection::vec(1usize..40, 1..8)) {
        prop_assert_eq!(scan(&bytes, &sizes), whole(&bytes));
    }

    #[test]
    fn what_was_passed_on_before_a_violation_is_no_whole_message(bytes in connections(), cut in 1usize..40) {
        let mut guard = HeadGuard::default();
        let mut passed = Vec::new();
        for piece in bytes.chunks(cut) {
            match guard.scan(piece) {
                Ok(()) => passed.extend_from_slice(piece),
                Err(violation) => {
                    passed.extend_from_slice(&piece[..violation.at]);
                    break;
                }
            }
        }
        // What was passed on is a prefix of valid messages: by itself it is not refused.
        prop_assert_eq!(whole(passed), Ok(()));
    }
}
