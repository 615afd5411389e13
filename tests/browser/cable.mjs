// A network cable between one person and the server, to be pulled out and plugged in again.
// Passes bytes on and looks at none of them. Playwright's own offline mode leaves open WebSockets alone.

import { connect, createServer } from 'node:net';

export class Cable {
  #sockets = new Set();
  #pulled = false;

  /** A cable to `url`; its own end is `cable.url`. */
  static async to(url) {
    const cable = new Cable();
    const { hostname, port, protocol } = new URL(url);
    cable.listener = createServer((near) => cable.#join(near, connect({ host: '127.0.0.1', port: Number(port) })));
    await new Promise((resolve) => { cable.listener.listen(0, '127.0.0.1', resolve); });
    cable.url = `${protocol}//${hostname}:${cable.listener.address().port}`;
    return cable;
  }

  #join(near, far) {
    for (const [socket, other] of [[near, far], [far, near]]) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.end();
      });
      socket.pipe(other);
    }
    if (this.#pulled) near.destroy();
  }

  /** Ends every connection, and each new one at once. */
  pull() {
    this.#pulled = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  plugIn() {
    this.#pulled = false;
  }

  remove() {
    this.pull();
    this.listener.close();
  }
}
