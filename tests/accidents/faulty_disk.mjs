// A disk that fails with any error at will, without root and without mounting: `faulty_disk.c`, loaded into the server.
// What is full for real stands in `small_disk.mjs`.

import { execFileSync } from 'node:child_process';
import { realpathSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = path.join(path.dirname(fileURLToPath(import.meta.url)), 'faulty_disk.c');

export class FaultyDisk {
  /** For all that a program writes below `folder`. Whatever it needs lies there too. */
  constructor(folder) {
    this.folder = realpathSync(folder);
    this.library = path.join(this.folder, 'faulty_disk.so');
    this.sign = path.join(this.folder, 'faulty_disk.sign');
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', this.library, SOURCE, '-ldl'], { stdio: 'pipe' });
  }

  /** What the program must find in its environment. */
  get env() {
    return { LD_PRELOAD: this.library, FAULTY_DISK: this.folder, FAULTY_DISK_SIGN: this.sign };
  }

  /** From now on writes fail with `error`, such as `EROFS`. */
  failWith(error) {
    writeFileSync(this.sign, String(constants.errno[error]));
  }

  mend() {
    rmSync(this.sign, { force: true });
  }
}
