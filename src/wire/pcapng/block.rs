//! The blocks that a pcapng file is made of, as bytes (draft-ietf-opsawg-pcapng §§3, 4).
//! What packets and comments say is handed in.

/// What kind of block it is.
pub(super) mod kind {
    pub(in crate::wire::pcapng) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
    pub(in crate::wire::pcapng) const INTERFACE_DESCRIPTION: u32 = 1;
    /// Obsolete, and still written by some.
    pub(in crate::wire::pcapng) const PACKET: u32 = 2;
    pub(in crate::wire::pcapng) const SIMPLE_PACKET: u32 = 3;
    pub(in crate::wire::pcapng) const ENHANCED_PACKET: u32 = 6;
    pub(in crate::wire::pcapng) const DECRYPTION_SECRETS: u32 = 10;
}

/// The kind of option.
pub(super) mod option {
    pub(in crate::wire::pcapng) const COMMENT: u16 = 1;
    pub(in crate::wire::pcapng) const SHB_USERAPPL: u16 = 4;
    pub(in crate::wire::pcapng) const IF_NAME: u16 = 2;
    pub(in crate::wire::pcapng) const IF_DESCRIPTION: u16 = 3;
    pub(in crate::wire::pcapng) const IF_TSRESOL: u16 = 9;
    pub(in crate::wire::pcapng) const IF_TSOFFSET: u16 = 14;
}

/// By this number a reader finds out which end of numbers comes first.
pub(super) const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// Secrets in the format of `SSLKEYLOGFILE` (RFC 9850).
pub(super) const SECRETS_TLS_KEY_LOG: u32 = 0x544c_534b;

/// The longest comment, in bytes: an option's length has 16 bits, and a reader's patience fewer.
const COMMENT_LEN_MAX: usize = 16 * 1024;

/// Times count nanoseconds: 10 to the power of minus 9.
const TSRESOL_NANOSECONDS: u8 = 9;

/// The block that opens a file.
pub(super) fn section_header(comment: &str, out: &mut Vec<u8>) {
    let mut body = Vec::new();
    body.extend(BYTE_ORDER_MAGIC.to_le_bytes());
    body.extend(1_u16.to_le_bytes());
    body.extend(0_u16.to_le_bytes());
    // The section's length is not known while it is streamed.
    body.extend(u64::MAX.to_le_bytes());
    option(option::COMMENT, cut(comment).as_bytes(), &mut body);
    option(option::SHB_USERAPPL, b"Secure Chat Demo", &mut body);
    end_of_options(&mut body);
    block(kind::SECTION_HEADER, &body, out);
}

/// The one interface that all packets of a file were "captured" on.
pub(super) fn interface_description(link_type: u16, out: &mut Vec<u8>) {
    let mut body = Vec::new();
    body.extend(link_type.to_le_bytes());
    body.extend(0_u16.to_le_bytes());
    // No limit to the length of packets.
    body.extend(0_u32.to_le_bytes());
    option(option::IF_NAME, b"secure-chat", &mut body);
    option(
        option::IF_DESCRIPTION,
        "packets rebuilt from what a server read and wrote".as_bytes(),
        &mut body,
    );
    option(option::IF_TSRESOL, &[TSRESOL_NANOSECONDS], &mut body);
    end_of_options(&mut body);
    block(kind::INTERFACE_DESCRIPTION, &body, out);
}

/// Keys, for the packets behind it.
pub(super) fn decryption_secrets(key_log: &[u8], out: &mut Vec<u8>) {
    let mut body = Vec::new();
    body.extend(SECRETS_TLS_KEY_LOG.to_le_bytes());
    body.extend(len_u32(key_log).to_le_bytes());
    body.extend(key_log);
    pad(&mut body);
    block(kind::DECRYPTION_SECRETS, &body, out);
}

/// A packet on the first interface.
pub(super) fn enhanced_packet(
    time_ns: u64,
    packet: &[u8],
    comment: Option<&str>,
    out: &mut Vec<u8>,
) {
    let mut body = Vec::with_capacity(packet.len() + 64);
    body.extend(0_u32.to_le_bytes());
    let [high, low] = [time_ns >> 32, time_ns & u64::from(u32::MAX)];
    for half in [high, low] {
        body.extend(u32::try_from(half).unwrap_or_default().to_le_bytes());
    }
    for _captured_and_original in 0..2 {
        body.extend(len_u32(packet).to_le_bytes());
    }
    body.extend(packet);
    pad(&mut body);
    if let Some(comment) = comment {
        option(option::COMMENT, cut(comment).as_bytes(), &mut body);
        end_of_options(&mut body);
    }
    block(kind::ENHANCED_PACKET, &body, out);
}

/// Kind, length, body, and the length again, so that a file can be read backwards.
fn block(kind: u32, body: &[u8], out: &mut Vec<u8>) {
    let total_len = len_u32(body).saturating_add(12);
    out.extend(kind.to_le_bytes());
    out.extend(total_len.to_le_bytes());
    out.extend(body);
    out.extend(total_len.to_le_bytes());
}

fn option(kind: u16, value: &[u8], body: &mut Vec<u8>) {
    body.extend(kind.to_le_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    body.extend(value);
    pad(body);
}

fn end_of_options(body: &mut Vec<u8>) {
    body.extend(0_u32.to_le_bytes());
}

/// Blocks and options are made of 32-bit words.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

fn len_u32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

fn cut(comment: &str) -> &str {
    comment
        .split_at(comment.floor_char_boundary(COMMENT_LEN_MAX))
        .0
}
