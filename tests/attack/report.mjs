// Rows of an attack: what was done, what the server held, how a bystander fared, and whether the bars were met.

import { fork } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';

/** The well-behaved client, in its own process. */
export class Bystander {
  static async beside(server, flags = []) {
    const bystander = new Bystander();
    bystander.child = fork(path.join(import.meta.dirname, 'bystander.mjs'), [JSON.stringify(server.ports), ...flags]);
    await bystander.#word();
    return bystander;
  }

  begin() {
    this.child.send('begin');
  }

  /** How long everything took since `begin`, in milliseconds: `{ page, word, login, faults }`. */
  async end() {
    this.child.send('end');
    return this.#word();
  }

  stop() {
    this.child.disconnect();
  }

  #word() {
    return new Promise((resolve, reject) => {
      const ended = (code) => reject(new Error(`the bystander has ended with ${code}`));
      this.child.once('exit', ended);
      this.child.once('message', (word) => {
        this.child.off('exit', ended);
        resolve(word);
      });
    });
  }
}

/** Attackers share this machine with the server, but they are to wait for it, and not it for them. */
export function stepBack() {
  os.setPriority(0, 10);
}

/** How often which answer came. */
export class Answers {
  #counts = new Map();

  note(answer, count = 1) {
    this.#counts.set(answer, (this.#counts.get(answer) ?? 0) + count);
  }

  get(answer) {
    return this.#counts.get(answer) ?? 0;
  }

  /** All but these. */
  others(expected) {
    return [...this.#counts.keys()].filter((answer) => !expected.includes(answer));
  }

  toString() {
    const counts = [...this.#counts].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
    return counts.map(([answer, count]) => `${answer}: ${count}`).join(', ');
  }
}

/** The value below which `part` of all are; 0 if there are none. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

const ms = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
const three = (values) => values.map((value) => value.toFixed(0)).join(' / ');

const PAGE_P99_MS_MAX = 100;
const WORD_MS_MAX = 1000;
const LOGIN_MS_MAX = 2000;
/** The record of connections may hold 128 MiB, argon2 19 MiB for each core; the rest is for all that is open. */
const MEMORY_MIB_MAX = 400;

/** Rows of one table, and whether all of them were good. */
export class Report {
  failures = [];

  constructor(server, bystander) {
    Object.assign(this, { server, bystander });
    console.log('| attack | answers | memory before / peak / after, MiB | descriptors before / peak / after | CPU, s of s |'
      + ' log, MiB | page p50 / p99 / max, ms | message p99 / max, ms | log-in max, ms |');
    console.log('|---|---|---|---|---|---|---|---|---|');
  }

  /** Runs one attack, which gives its `Answers`; checks what must hold whatever is done. */
  async row(name, attack, { memoryMax = MEMORY_MIB_MAX, expected } = {}) {
    this.server.beginRow();
    this.bystander.begin();
    const answers = await attack();
    const waits = await this.bystander.end();
    const held = this.server.endRow();
    const [page, word] = [waits.page, waits.word].map((all) => [0.5, 0.99, 1].map((part) => quantile(all, part)));
    console.log(`| ${name} | ${answers} | ${three(held.memory)} | ${three(held.descriptors)} | ${held.cpu.toFixed(1)} of ${held.seconds.toFixed(0)} |`
      + ` ${held.logged.toFixed(1)} | ${page.map(ms).join(' / ')} | ${word.slice(1).map(ms).join(' / ')} | ${ms(quantile(waits.login, 1))} |`);
    this.bar(name, page[1] <= PAGE_P99_MS_MAX, `the bystander's p99 was ${ms(page[1])} ms`);
    this.bar(name, word[2] <= WORD_MS_MAX, `a message took ${ms(word[2])} ms`);
    this.bar(name, quantile(waits.login, 1) <= LOGIN_MS_MAX, `a log-in took ${ms(quantile(waits.login, 1))} ms`);
    this.bar(name, waits.page.length > 0 && waits.word.length > 0 && waits.faults.length === 0, `the bystander: ${[...new Set(waits.faults)].join(', ') || 'got nothing'}`);
    this.bar(name, held.memory[1] <= memoryMax, `${held.memory[1].toFixed(0)} MiB of memory, at most ${memoryMax} were to be`);
    if (expected) this.bar(name, answers.others(expected).length === 0, `unexpected answers: ${answers.others(expected).join(', ')}`);
    return { answers, waits, held };
  }

  bar(name, isMet, otherwise) {
    if (!isMet) this.failures.push(`${name}: ${otherwise}`);
  }

  /** Says what was missed, and ends the process accordingly. */
  end() {
    for (const failure of this.failures) console.log(`MISSED  ${failure}`);
    if (this.failures.length === 0) console.log('All bars are met.');
    process.exitCode = this.failures.length === 0 ? 0 : 1;
  }
}
