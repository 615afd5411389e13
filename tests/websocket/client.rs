//! The other end of the socket, by hand: frames are written and read here byte by byte, so that a
//! mistake in the library's own reading of RFC 6455 cannot hide itself.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// First bytes of whole frames.
pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;
/// First bytes of fragments.
pub(crate) const TEXT_BEGINS: u8 = 0x01;
pub(crate) const CONTINUED: u8 = 0x00;
pub(crate) const CONTINUED_ENDS: u8 = 0x80;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A masked frame, as a client sends it.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ ..126 => frame.push(0x80 | u8::try_from(len).unwrap()),
        len @ ..0x1_0000 => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(b, k)| b ^ k));
    frame
}

/// What a masked Close of this code and reason has as payload.
pub(crate) fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

/// Sends `bytes` as they are.
pub(crate) async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    stream.write_all(bytes).await.unwrap();
    stream.flush().await.unwrap();
}

/// Reads one unmasked frame: its first byte and its payload. `None` at a clean end.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
    let mut first = [0];
    if stream.read(&mut first).await.unwrap() == 0 {
        return None;
    }
    let len = match stream.read_u8().await.unwrap() {
        126 => u64::from(stream.read_u16().await.unwrap()),
        127 => stream.read_u64().await.unwrap(),
        len @ ..126 => u64::from(len),
        _ => panic!("a server masked its frame"),
    };
    let mut payload = vec![0; usize::try_from(len).unwrap()];
    stream.read_exact(&mut payload).await.unwrap();
    Some((first[0], payload))
}

/// Reads a Close frame and then the end, and gives the code and reason.
pub(crate) async fn read_close(stream: &mut (impl AsyncRead + Unpin)) -> (u16, String) {
    let (first, payload) = read(stream).await.expect("a Close frame, not the end");
    assert_eq!(first, CLOSE, "{payload:?}");
    assert_eq!(read(stream).await, None, "nothing follows a Close");
    let (code, reason) = payload.split_first_chunk::<2>().expect("a close code");
    (
        u16::from_be_bytes(*code),
        String::from_utf8(reason.to_vec()).unwrap(),
    )
}
