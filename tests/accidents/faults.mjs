// What can be taken from a running server from outside, and given back: each of these answers with the way back.

import { execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { until } from '../deadline.mjs';

/** How many files the server has open. */
export function openFiles(server) {
  return readdirSync(`/proc/${server.pid}/fd`).length;
}

/** Lets the server have no more than `count` files open. */
export function limitFiles(server, count) {
  const set = (limit) => execFileSync('prlimit', ['--pid', String(server.pid), `--nofile=${limit}:`]);
  const limits = execFileSync('prlimit', ['--pid', String(server.pid), '--nofile', '--noheadings', '--output', 'SOFT'], { encoding: 'utf8' });
  set(count);
  return () => { if (!server.process.hasEnded) set(limits.trim()); };
}

/** Holds the lock for writing of one of the databases, as a program does that is in the middle of a transaction. */
export async function lockDatabase(server, file) {
  const other = spawn('sqlite3', [path.join(server.dataFolder, file)], { stdio: ['pipe', 'pipe', 'inherit'] });
  let answer = '';
  other.stdout.setEncoding('utf8').on('data', (text) => { answer += text; });
  other.stdin.write("PRAGMA busy_timeout = 10000;\nBEGIN EXCLUSIVE;\nSELECT 'locked';\n");
  await until(`${file} is locked`, () => answer.includes('locked'));
  return () => other.stdin.end('ROLLBACK;\n');
}
