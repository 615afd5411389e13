// A disk that is full at will: a few megabytes of memory, mounted where the data folder will be.
// Mounting takes root and the right to mount, which containers may lack: then `null`, and the test says why it is skipped.

import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

const SIZE = '8m';

export class SmallDisk {
  /** Mounts a disk on `folder`, to be unmounted after the test `t`; `null`, and `t` skipped, if that cannot be done. */
  static mount(t, folder, { readOnly = false } = {}) {
    mkdirSync(folder, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}${readOnly ? ',ro' : ''}`, 'tmpfs', folder], { stdio: 'pipe' });
    } catch (error) {
      t.skip(`no disk could be mounted here, so it cannot be full: ${String(error.stderr ?? error.message).trim()}`);
      return null;
    }
    const disk = new SmallDisk(folder);
    t.after(() => disk.unmount());
    return disk;
  }

  constructor(folder) {
    this.folder = folder;
    this.filler = path.join(folder, 'filler');
  }

  /** Leaves not one block free. */
  fill() {
    const file = openSync(this.filler, 'w');
    try {
      for (const block = Buffer.alloc(4096); ;) writeSync(file, block);
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  makeRoom() {
    rmSync(this.filler);
  }

  unmount() {
    // Lazily: the server of a failed test may still hold files open.
    execFileSync('umount', ['--lazy', this.folder]);
  }
}
