// A WebSocket client by hand, for tests: every form of a frame, whole, in fragments and in pieces.
// Usage: node http_ws_client.mjs PORT
import crypto from 'node:crypto';
import net from 'node:net';

const TEXT = 0x1, BINARY = 0x2, CLOSE = 0x8, PING = 0x9, PONG = 0xa, CONTINUATION = 0x0;

function frame(fin, opcode, payload) {
  const body = Buffer.from(payload);
  let head;
  if (body.length < 126) {
    head = Buffer.from([0, body.length]);
  } else if (body.length < 65536) {
    head = Buffer.alloc(4);
    head[1] = 126;
    head.writeUInt16BE(body.length, 2);
  } else {
    head = Buffer.alloc(10);
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(body.length), 2);
  }
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] |= 0x80;
  const key = crypto.randomBytes(4);
  const masked = body.map((byte, index) => byte ^ key[index % 4]);
  return Buffer.concat([head, key, masked]);
}

const closing = Buffer.concat([Buffer.from([0x03, 0xe8]), Buffer.from('Auf Wiedersehen')]);
const frames = [
  frame(true, TEXT, 'Hello'),
  frame(true, TEXT, JSON.stringify({ type: 'send', content: 'hé', client_id: '1' })),
  frame(true, TEXT, 'x'.repeat(125)),
  frame(true, TEXT, 'x'.repeat(126)),
  frame(true, BINARY, crypto.randomBytes(300)),
  frame(true, BINARY, Buffer.alloc(65536, 7)),
  frame(true, TEXT, ''),
  frame(false, TEXT, 'in '),
  frame(true, PING, 'still there?'),
  frame(false, CONTINUATION, 'three '),
  frame(true, PONG, ''),
  frame(true, CONTINUATION, 'parts'),
];

const socket = net.connect(Number(process.argv[2]), '127.0.0.1');
socket.setNoDelay(true);
socket.write([
  'GET /ws/echo HTTP/1.1', `Host: 127.0.0.1:${process.argv[2]}`, 'Connection: Upgrade', 'Upgrade: websocket',
  'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${crypto.randomBytes(16).toString('base64')}`,
  `Origin: http://127.0.0.1:${process.argv[2]}`, 'Sec-Fetch-Mode: websocket', '', '',
].join('\r\n'));
let received = Buffer.alloc(0);
// Each step waits for its answer, so that tshark gets the end of a fragmented message in a packet of its own.
const steps = [
  ['\r\n\r\n', ...frames],
  ['in three parts', frame(true, TEXT, 'last')],
  ['\x81\x04last', frame(true, CLOSE, closing)],
];
socket.on('data', (piece) => {
  received = Buffer.concat([received, piece]);
  if (steps.length > 0 && received.includes(steps[0][0], 0, 'latin1')) {
    received = Buffer.alloc(0);
    for (const bytes of steps.shift().slice(1)) {
      socket.write(bytes);
    }
  }
});
socket.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
