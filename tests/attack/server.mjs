// The program as it is attacked: a child process in a folder of its own, and what the system says of it (/proc, so Linux).
// No clients in here.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux that runs this
const PAGE_BYTES = 4096;
const SAMPLE_EVERY_MS = 100;
/** Counting descriptors takes the system some milliseconds when there are many. */
const DESCRIPTORS_EVERY = 10;

export class Server {
  /** `{ plain, tls }`: the ports, on 127.0.0.1. */
  ports = {};

  /** Starts `binary` on two free ports, over HTTP and HTTPS; `folder` is kept, without one it is a temporary one. */
  static async start(binary, flags = [], folder = undefined) {
    const server = new Server();
    server.isKept = Boolean(folder);
    if (folder) mkdirSync(folder, { recursive: true });
    server.folder = folder ?? mkdtempSync(path.join(os.tmpdir(), 'secure-chat-attack-'));
    server.logFile = path.join(server.folder, 'log.txt');
    const args = ['--host', '127.0.0.1', '--both', '--port', '0', '--tls-port', '0', ...flags];
    server.child = spawn(path.resolve(binary), args, { cwd: server.folder, stdio: ['ignore', 'pipe', openSync(server.logFile, 'w')] });
    process.on('exit', () => server.#remove());
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
    await new Promise((resolve, reject) => {
      let printed = '';
      server.child.on('error', reject);
      server.child.on('exit', (code, signal) => reject(new Error(`the server has stopped (${code ?? signal}):\n${printed}${server.log().slice(-2000)}`)));
      server.child.stdout.on('data', (text) => {
        printed += text;
        if (!printed.includes('Ctrl-C')) return;
        const port = (scheme) => Number(printed.match(new RegExp(`^${scheme}://\\S+:(\\d+)$`, 'm'))[1]);
        server.ports = { plain: port('http'), tls: port('https') };
        resolve();
      });
    });
    server.child.removeAllListeners('exit');
    server.child.on('exit', () => { server.hasEnded = true; });
    server.#sample();
    server.sampling = setInterval(() => server.#sample(), SAMPLE_EVERY_MS);
    return server;
  }

  /** The URL of one side, without a path. */
  url(side) {
    return side === 'tls' ? `https://127.0.0.1:${this.ports.tls}` : `http://127.0.0.1:${this.ports.plain}`;
  }

  cpuSeconds() {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Resident memory, in MiB. */
  memory() {
    return Number(readFileSync(`/proc/${this.child.pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES / (1024 * 1024);
  }

  descriptors() {
    return readdirSync(`/proc/${this.child.pid}/fd`).length;
  }

  /** What the open descriptors are; sockets without their numbers. */
  descriptorNames() {
    return readdirSync(`/proc/${this.child.pid}/fd`).map((number) => {
      try {
        return path.basename(readlinkSync(`/proc/${this.child.pid}/fd/${number}`)).replace(/\d{3,}/, 'n');
      } catch {
        return 'closed just now';
      }
    });
  }

  log() {
    return readFileSync(this.logFile, 'utf8');
  }

  /** How much was logged so far, in MiB. */
  logged() {
    return statSync(this.logFile).size / (1024 * 1024);
  }

  /** What the process holds now, and from now on its peaks. */
  beginRow() {
    this.peak = { memory: 0, descriptors: 0 };
    this.#sample(true);
    this.before = { ...this.peak, cpu: this.cpuSeconds(), logged: this.logged(), at: performance.now() };
  }

  /** What it held before, at the most and now. */
  endRow() {
    this.#sample(true);
    return {
      memory: [this.before.memory, this.peak.memory, this.memory()],
      descriptors: [this.before.descriptors, this.peak.descriptors, this.descriptors()],
      cpu: this.cpuSeconds() - this.before.cpu,
      logged: this.logged() - this.before.logged,
      seconds: (performance.now() - this.before.at) / 1000,
    };
  }

  #sample(isWhole = false) {
    if (this.hasEnded || !this.peak) return;
    this.samples = (this.samples ?? 0) + 1;
    this.peak.memory = Math.max(this.peak.memory, this.memory());
    if (isWhole || this.samples % DESCRIPTORS_EVERY === 0) this.peak.descriptors = Math.max(this.peak.descriptors, this.descriptors());
  }

  async stop() {
    clearInterval(this.sampling);
    if (!this.hasEnded) {
      const ended = new Promise((resolve) => { this.child.on('exit', resolve); });
      this.child.kill('SIGTERM');
      await ended;
    }
    if (this.log().includes('panicked')) throw new Error('the server panicked, see its log');
    this.#remove();
  }

  #remove() {
    clearInterval(this.sampling);
    if (!this.hasEnded) this.child.kill('SIGKILL');
    if (!this.isKept) rmSync(this.folder, { recursive: true, force: true });
  }
}
