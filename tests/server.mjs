// The built program as a child process: started on free ports in a folder of its own, killed, stopped, restarted.
// Knows nothing of browsers or chat messages: it hands out addresses, the certificate and what was printed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until, withDeadline } from './deadline.mjs';

export const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const OUTPUT = path.join(REPOSITORY, 'tests', 'output');
const PROGRAM = process.env.SECURE_CHAT_BIN
  ?? path.join(process.env.CARGO_TARGET_DIR ?? path.join(REPOSITORY, 'target'), 'debug', 'secure-chat');

/** A dev build hashes passwords slowly and the machine may be busy: far more than a start ever takes. */
const START_WITHIN_MS = 30_000;

/** The promise of issue and README: stopped within five seconds. Half a second for the process to be seen gone. */
const STOP_WITHIN_MS = 5_500;

const MODE_FLAGS = { plain: [], tls: ['--tls'], both: ['--both'] };

const running = new Set();
const folders = [];
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => process.exit(1));
}

/** Runs the program to its end; for command lines that are answered and not served. */
export async function runProgram(args, { cwd = makeFolder(), within = START_WITHIN_MS } = {}) {
  const run = new Process(args, cwd);
  const exit = await withDeadline(`secure-chat ${args.join(' ')} ends`, run.exited, within);
  return { ...exit, stdout: run.stdout, stderr: run.stderr };
}

/** An empty folder that is removed when this process ends. */
export function makeFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'secure-chat-'));
  folders.push(folder);
  return folder;
}

/** One run of the program, with all it prints. */
class Process {
  stdout = '';
  stderr = '';

  constructor(args, cwd, env = {}) {
    assert(existsSync(PROGRAM), `${PROGRAM} is missing: build it first, with cargo build`);
    this.child = spawn(PROGRAM, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this.child);
    this.child.stdout.setEncoding('utf8').on('data', (text) => { this.stdout += text; });
    this.child.stderr.setEncoding('utf8').on('data', (text) => { this.stderr += text; });
    this.exited = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        running.delete(this.child);
        resolve({ code, signal });
      });
    });
  }

  get hasEnded() {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get printed() {
    return this.stdout + this.stderr;
  }
}

export class Server {
  /** Where it runs: `data`, `.tls` and `tls_config.json` lie here, as in a clone of the repository. */
  folder;
  /** `{ plain: 'http://127.0.0.1:PORT', tls: 'https://localhost:PORT' }`, as far as the mode has them. */
  urls = {};
  /** Everything printed by all runs so far. */
  log = '';
  /** What no log may ever hold. */
  secrets = new Set();

  constructor({ mode = 'plain', args = [], env = {}, folder = makeFolder() } = {}) {
    this.mode = mode;
    this.args = args;
    this.env = env;
    this.folder = folder;
  }

  static async start(options) {
    const server = new Server(options);
    await server.start();
    return server;
  }

  async start() {
    // Free ports at first; after that the same ones, as a restarted server has.
    const portOf = (url) => (url ? new URL(url).port : '0');
    const ports = {
      plain: ['--port', portOf(this.urls.plain)],
      tls: ['--port', portOf(this.urls.tls)],
      both: ['--port', portOf(this.urls.plain), '--tls-port', portOf(this.urls.tls)],
    };
    const args = [...MODE_FLAGS[this.mode], ...ports[this.mode], ...this.args];
    this.process = new Process(args, this.folder, this.env);
    await until(`the start banner of secure-chat ${args.join(' ')}`, () => {
      if (this.process.hasEnded) throw new Error(`the server ended at once:\n${this.process.printed}`);
      return this.#readUrls();
    }, START_WITHIN_MS).catch((error) => {
      throw new Error(`${error.message}; it printed:\n${this.process.printed}`);
    });
    // The banner may come before the first accept; a connection says for sure.
    await until('the server answers', () => this.#answers(), START_WITHIN_MS);
  }

  #readUrls() {
    const printed = this.process.printed;
    const found = {
      plain: /\bhttp:\/\/127\.0\.0\.1:[1-9]\d*/.exec(printed)?.[0],
      tls: /\bhttps:\/\/localhost:[1-9]\d*/.exec(printed)?.[0],
    };
    const wanted = this.mode === 'both' ? ['plain', 'tls'] : [this.mode];
    if (!wanted.every((transport) => found[transport])) return false;
    this.urls = Object.fromEntries(wanted.map((transport) => [transport, found[transport]]));
    return true;
  }

  async #answers() {
    const { connect } = await import('node:net');
    const tries = Object.values(this.urls).map((url) => new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
      socket.on('connect', () => { socket.destroy(); resolve(true); });
      socket.on('error', () => resolve(false));
    }));
    return (await Promise.all(tries)).every(Boolean);
  }

  /** What the present run has printed. */
  get printed() {
    return this.process.printed;
  }

  get pid() {
    return this.process.child.pid;
  }

  get exited() {
    return this.process.exited;
  }

  get dataFolder() {
    return path.join(this.folder, 'data');
  }

  get certificateFile() {
    return path.join(this.folder, '.tls', 'cert.pem');
  }

  /** The certificate to trust, for clients that check it. */
  get certificate() {
    return this.urls.tls ? readFileSync(this.certificateFile) : undefined;
  }

  signal(name) {
    this.process.child.kill(name);
  }

  /** As a power cut for the program: no goodbye, nothing flushed by it. */
  async kill() {
    this.signal('SIGKILL');
    await this.process.exited;
    this.#keepLog();
  }

  /** As Ctrl-C does. Gives the exit code. */
  async stop(signal = 'SIGTERM') {
    if (!this.process.hasEnded) this.signal(signal);
    const exit = await withDeadline('the server stops', this.process.exited, STOP_WITHIN_MS);
    this.#keepLog();
    assert.equal(exit.signal, null, `the server was ended by ${exit.signal}`);
    return exit.code;
  }

  #keepLog() {
    this.log += this.process.printed;
    this.process.stdout = '';
    this.process.stderr = '';
  }

  /** The end of a test: stops cleanly, has let no secret into its log, has not panicked. */
  async end() {
    try {
      if (!this.process.hasEnded) assert.equal(await this.stop(), 0, `exit code of the server; it printed:\n${this.log}`);
      this.#keepLog();
      assert(!this.log.includes('panicked'), `the server panicked:\n${this.log}`);
      for (const secret of this.secrets) {
        assert(!this.log.includes(secret), 'a password, cookie or token stands in the log');
      }
    } finally {
      if (!this.process.hasEnded) this.process.child.kill('SIGKILL');
    }
  }

  /** Keeps what was printed beside the screenshots, for whoever looks into a failure. */
  writeLogTo(file) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, this.log + this.process.printed);
  }
}
