// Starts the built program with `--echo`, runs the Autobahn suite against it, and stops it again.
// What is run, and how it is counted, is in the script `tests/autobahn`.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { REPOSITORY, Server } from './server.mjs';

const server = await Server.start({ args: ['--echo'] });
try {
  const url = `${server.urls.plain.replace('http:', 'ws:')}/ws/echo`;
  const suite = spawn(path.join(REPOSITORY, 'tests', 'autobahn'), [...process.argv.slice(2), url], { stdio: 'inherit' });
  process.exitCode = await new Promise((resolve) => {
    suite.on('close', (code) => resolve(code ?? 1));
  });
} finally {
  await server.stop();
}
