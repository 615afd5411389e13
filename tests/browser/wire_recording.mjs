// A recorded TLS connection as a page gets it, made up: enough of each kind to look at, and as long as a test wants it.
// The shapes are those of docs/PROTOCOL.md; the bytes are believable, not real (real ones are walked through in wire.test.mjs).

const TAG_LEN = 16;
const HEADER_LEN = 5;

/** A field; `parts` may be fields without a place, laid one behind the other. */
function field(name, len, rest = {}) {
  return { name, len, source: 'RFC 8446 §5.1', meaning: `What ${name} is, in one plain sentence.`, ...rest };
}

function placed({ len, parts, ...rest }, at = 0) {
  const length = len ?? parts.reduce((sum, part) => sum + (part.mask ? 0 : partLen(part)), 0);
  let next = at;
  const laid = parts?.map((part) => {
    const done = placed(part.mask ? { ...part, len: length } : part, part.mask ? at : next);
    if (!part.mask) [, next] = done.at;
    return done;
  });
  return { ...rest, at: [at, at + length], ...laid && { parts: laid } };
}

function partLen({ len, parts }) {
  return len ?? parts.reduce((sum, part) => sum + (part.mask ? 0 : partLen(part)), 0);
}

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const noise = (len, seed) => Buffer.from(Array.from({ length: len }, (_, at) => (Math.imul(at + 7, 2_654_435_761) >>> 13 ^ Math.imul(seed + 3, 40_503)) & 0xff));

class Recording {
  items = [];
  panes = [];
  shown = [];
  micros = 0;
  wire = { client: 0, server: 0 };
  plain = { client: 0, server: 0 };

  pane(pane) {
    this.panes.push(pane);
    return this.panes.length - 1;
  }

  add(item) {
    this.micros += 137.25;
    const whole = { number: this.items.length, begun: this.micros, ended: this.micros, ...item };
    this.items.push(whole);
    return whole;
  }

  /** A record with these messages in it: `{ kind, title, bytes, parts, secret, eve }`, the last perhaps cut after `cut` bytes. */
  record(from, messages, { clear = false, eve } = {}) {
    const content = Buffer.concat(messages.map(({ bytes }) => bytes));
    const len = HEADER_LEN + content.length + (clear ? 0 : 1 + TAG_LEN);
    const start = this.wire[from];
    this.wire[from] += len;
    const record = this.add({ from, kind: 'record', len, title: `Record of ${len} bytes`, eve: eve ?? `Application data, ${len - HEADER_LEN} bytes`, wire: [start, start + len], related: [] });
    const body = clear ? content : noise(content.length + 1 + TAG_LEN, record.number);
    const bytes = Buffer.concat([Buffer.from([clear ? 22 : 23, 3, 3, body.length >> 8, body.length & 0xff]), body]);
    const wirePane = this.pane({
      title: `Record ${record.number} of the ${from}`, item: record.number, offset: start, bytes: hex(bytes),
      tree: placed(field('TLSCiphertext', undefined, {
        parts: [
          field('opaque_type', 1, { value: { number: clear ? 22 : 23, name: clear ? 'handshake' : 'application_data' }, wireshark: 'tls.record.opaque_type' }),
          field('legacy_record_version', 2, { value: { number: 0x0303, name: 'TLS 1.2' }, wireshark: 'tls.record.version', meaning: 'Always 0x0303, for the sake of old boxes in between.' }),
          field('length', 2, { value: { number: body.length }, wireshark: 'tls.record.length' }),
          ...clear ? [field('fragment', body.length)] : [field('encrypted_record', content.length + 1), field('authentication tag', TAG_LEN, { meaning: 'Shows every change made on the way.' })],
        ],
      })),
    });
    const insidePanes = [];
    const aligned = [];
    let at = 0;
    messages.forEach((message) => {
      const item = this.message(from, record, message);
      const pane = this.pane({ title: item.title, item: item.number, offset: 0, bytes: hex(message.bytes), tree: placed(message.tree ?? field(message.kind, message.bytes.length)) });
      aligned.push([insidePanes.length, 0, message.bytes.length, 0, HEADER_LEN + at, HEADER_LEN + at + message.bytes.length]);
      insidePanes.push(pane);
      if (message.continues) this.#goOn(this.shown[item.number], wirePane, message.bytes, HEADER_LEN + at);
      else {
        this.shown[item.number] = { number: item.number, on_the_wire: [wirePane], inside: [pane], arithmetic: [], aligned: [[0, ...aligned.at(-1).slice(1)]] };
      }
      at += message.bytes.length;
    });
    this.shown[record.number] = { number: record.number, on_the_wire: [wirePane], inside: clear ? [] : insidePanes, arithmetic: clear ? [] : ARITHMETIC, aligned: clear ? [] : aligned };
    return record;
  }

  /** A further piece of a message that an earlier record began. */
  #goOn(shown, wirePane, bytes, at) {
    const pane = this.panes[shown.inside[0]];
    const start = pane.bytes.length / 2;
    pane.bytes += hex(bytes);
    pane.tree.at[1] += bytes.length;
    shown.aligned.push([0, start, start + bytes.length, shown.on_the_wire.length, at, at + bytes.length]);
    shown.on_the_wire.push(wirePane);
  }

  message(from, record, { kind, title, bytes, secret, eve, continues }) {
    const item = continues ?? this.add({ from, kind, title, ...eve && { eve }, len: 0, wire: record.wire.slice(), related: [], ...secret && { secret } });
    item.len += bytes.length;
    item.wire[1] = record.wire[1];
    item.related.push(record.number);
    record.related.push(item.number);
    if (secret) record.secret = true;
    return item;
  }
}

const ARITHMETIC = [
  { name: 'client_application_traffic_secret_0', value: hex(noise(32, 1)), meaning: 'The secret that the key log tells: everything else follows from it.', source: 'RFC 8446 §7.1' },
  { name: 'write_key', value: hex(noise(16, 2)), meaning: 'HKDF-Expand-Label(secret, "key", "", 16).', source: 'RFC 8446 §7.3' },
  { name: 'write_iv', value: hex(noise(12, 3)), meaning: 'HKDF-Expand-Label(secret, "iv", "", 12).', source: 'RFC 8446 §7.3' },
  { name: 'nonce', value: hex(noise(12, 4)), meaning: 'The IV xor the sequence number 3.', source: 'RFC 8446 §5.3' },
  { name: 'additional_data', value: '17030300a3', meaning: 'The five bytes of the record’s header: whoever changes them breaks the tag.', source: 'RFC 8446 §5.2' },
  { name: 'tag', value: hex(noise(16, 5)), meaning: 'As it was sent, and as it was computed: the record is what its sender sent.', source: 'RFC 8446 §5.2' },
];

function request(line, fields, content = []) {
  const head = [line, ...fields.map(([name, value]) => `${name}: ${value}`)].map((text) => `${text}\r\n`);
  const parts = [
    field('request-line', head[0].length, { source: 'RFC 9112 §3', parts: [field('method', line.indexOf(' '), { value: { text: line.split(' ')[0] }, wireshark: 'http.request.method', source: 'RFC 9112 §3.1' }), field('request-target etc.', head[0].length - line.indexOf(' '))] }),
    ...fields.map(([name, value, secret]) => field('field-line', name.length + 2 + value.length + 2, {
      source: 'RFC 9112 §5', parts: [field('field-name', name.length, { value: { text: name } }), field('separator', 2), field('field-value', value.length, { value: { text: value }, ...secret && { secret: true } }), field('CRLF', 2)],
    })),
    field('CRLF', 2, { meaning: 'An empty line: the head ends here.', source: 'RFC 9112 §2.1' }),
    ...content,
  ];
  return { text: `${head.join('')}\r\n`, tree: field('HTTP-message', undefined, { source: 'RFC 9112 §2.1', parts }) };
}

function frame(from, text) {
  const payload = Buffer.from(text);
  const masked = from === 'client';
  const key = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  const long = payload.length > 125;
  const header = [0x81, (masked ? 0x80 : 0) | (long ? 126 : payload.length), ...long ? [payload.length >> 8, payload.length & 0xff] : [], ...masked ? key : []];
  const body = masked ? payload.map((byte, at) => byte ^ key[at % 4]) : payload;
  const bits = (name, mask, value, meaning) => ({ ...field(name, undefined, { mask, value: { number: value }, meaning, source: 'RFC 6455 §5.2' }) });
  return {
    bytes: Buffer.concat([Buffer.from(header), body]),
    tree: field('frame', undefined, {
      source: 'RFC 6455 §5.2',
      parts: [
        field('FIN, RSV and opcode', 1, { parts: [bits('FIN', 0x80, 1, 'The last frame of its message.'), bits('RSV1', 0x40, 0, 'No extension uses it.'), { ...bits('opcode', 0x0f, 1, 'What the frame is for.'), value: { number: 1, name: 'text' }, wireshark: 'websocket.opcode' }] }),
        field('MASK and payload length', 1, { parts: [bits('MASK', 0x80, masked ? 1 : 0, 'Every frame of a client is masked.'), bits('Payload length', 0x7f, long ? 126 : payload.length, 'Bytes of payload.')] }),
        ...long ? [field('Extended payload length', 2, { value: { number: payload.length } })] : [],
        ...masked ? [field('Masking-key', 4, { meaning: 'Four random bytes; each byte of the payload is xored with one of them in turn.' })] : [],
        field('Payload data', undefined, { parts: [field('Application data', payload.length, { value: { text }, meaning: 'What is said, unmasked.', wireshark: 'websocket.payload.text' })] }),
      ],
    }),
  };
}

const SECONDS = 1_000_000;

/** A log-in over TLS, a chat with so many frames, and the end. */
export function recording({ frames = 24 } = {}) {
  const made = new Recording();
  const hello = noise(512, 9);
  made.record('client', [{ kind: 'handshake', title: 'ClientHello, for chat.example', eve: 'ClientHello, for chat.example', bytes: hello }], { clear: true, eve: 'Handshake, 512 bytes' });
  made.record('server', [{ kind: 'handshake', title: 'ServerHello', eve: 'ServerHello', bytes: noise(90, 8) }], { clear: true, eve: 'Handshake, 90 bytes' });
  made.record('server', [
    { kind: 'handshake', title: 'EncryptedExtensions', bytes: noise(21, 1) },
    { kind: 'handshake', title: 'Certificate, CN=secure-chat', bytes: noise(430, 2) },
    { kind: 'handshake', title: 'CertificateVerify', bytes: noise(79, 3) },
    { kind: 'handshake', title: 'Finished', bytes: noise(36, 4) },
  ]);
  made.record('client', [{ kind: 'handshake', title: 'Finished', bytes: noise(36, 5) }]);
  made.micros += 2 * SECONDS;
  const form = 'name=ana&password=correct+horse';
  const post = request('POST /login HTTP/1.1', [['Host', 'chat.example'], ['Content-Length', String(form.length)], ['Content-Type', 'application/x-www-form-urlencoded']], [
    field('form', undefined, { source: 'RFC 9110 §6.4', parts: [field('name', 9, { value: { text: 'ana' } }), field('password', form.length - 9, { secret: true, value: { text: 'correct horse' }, meaning: 'The password, as it was typed.' })] }),
  ]);
  made.record('client', [{ kind: 'request', title: 'POST /login HTTP/1.1', bytes: Buffer.from(post.text + form), tree: post.tree, secret: true }]);
  const page = made.record('server', [{ kind: 'response', title: 'HTTP/1.1 200 OK, text/html, 18,000 bytes', bytes: noise(16_383, 6) }]);
  made.record('server', [{ kind: 'response', bytes: noise(1_700, 7), continues: made.items[page.related[0]] }]);
  made.record('client', [{ kind: 'request', title: 'GET /ws/chat/1 HTTP/1.1', ...((r) => ({ bytes: Buffer.from(r.text), tree: r.tree }))(request('GET /ws/chat/1 HTTP/1.1', [['Host', 'chat.example'], ['Upgrade', 'websocket'], ['Cookie', '__Host-sid=Zm9vYmFy', true]])), secret: true }]);
  for (let count = 0; count < frames; count += 1) {
    const from = count % 3 === 0 ? 'client' : 'server';
    made.micros += 0.2 * SECONDS;
    const text = from === 'client' ? `{"type":"send","content":"message number ${count}"}` : `{"type":"message","message":{"id":${count},"content":"message number ${count - 1}","author":{"id":1,"name":"ana"}}}`;
    made.record(from, [{ kind: 'frame', title: `Text ${text}`, ...frame(from, text) }]);
  }
  made.record('client', [{ kind: 'alert', title: 'close_notify: the client says goodbye', bytes: Buffer.from([1, 0]) }]);
  const end = made.add({ from: 'client', kind: 'end', len: 0, title: 'FIN: the client sends nothing more', eve: 'FIN: the client sends nothing more', wire: [made.wire.client, made.wire.client] });
  made.shown[end.number] = { number: end.number, on_the_wire: [], inside: [], arithmetic: [], aligned: [] };
  return {
    connection: { number: 12, client: '127.0.0.1:50312', server: '127.0.0.1:8443', tls: true, opened: Date.UTC(2026, 10, 23, 14, 3, 22), ended: Date.UTC(2026, 10, 23, 14, 5, 1), why: '3 requests, WebSocket ended by the client', negotiated: 'TLS 1.3 · TLS_AES_128_GCM_SHA256 · X25519MLKEM768', carried: 'POST /login, WebSocket', bytes: [made.wire.client, made.wire.server] },
    items: made.items,
    panes: made.panes,
    shown: made.shown,
    summary: { tls: true, version: 'TLS 1.3', cipher_suite: 'TLS_AES_128_GCM_SHA256', group: 'X25519MLKEM768', server_name: 'chat.example', application: ['HTTP/1.1', 'WebSocket'], requests: 2, frames, missing_bytes: 0, closed_records: 0 },
    proof: { state: 'same', text: 'What is shown here is what the server really read and wrote: their digests are equal.' },
    lessons: [
      { what: 'addresses', value: '127.0.0.1:50312 and 127.0.0.1:8443', how: 'They stand in front of every packet.' },
      { what: 'server name', value: 'chat.example', how: 'The browser asks for it in the ClientHello, before anything is secret.', item: 0 },
      { what: 'length of each message', value: 'frames of 51, 104 and 105 bytes', how: 'A record is 22 bytes longer than what it carries: 5 of header, 1 of content type, 16 of tag.', item: 12 },
      { what: 'times', value: 'a question and its answer, 200 ms apart', how: 'Records cross when they are sent: whoever types is seen typing.' },
    ],
  };
}
