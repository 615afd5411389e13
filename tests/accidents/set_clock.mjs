// The clock of one program, set at will while it runs, with Debian's `faketime`. As when somebody sets the system's clock,
// only the time of day moves; what measures how long something takes goes on evenly.

import assert from 'node:assert/strict';
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const LIBRARIES = '/usr/lib';

export class SettableClock {
  /** Keeps what it needs in `folder`. */
  constructor(folder) {
    const found = readdirSync(LIBRARIES).map((triplet) => path.join(LIBRARIES, triplet, 'faketime'))
      .flatMap((place) => { try { return readdirSync(place).map((name) => path.join(place, name)); } catch { return []; } });
    this.library = found.find((file) => file.endsWith('libfaketimeMT.so.1'));
    assert(this.library, 'faketime is missing: install it, with apt-get install faketime');
    this.file = path.join(folder, 'clock');
    this.moveBy(0);
  }

  /** What the program must find in its environment. */
  get env() {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_RESET: '1',
    };
  }

  /** Puts the program's clock so many hours ahead of this machine's, or behind it. */
  moveBy(hours) {
    // In one step, as the program may be reading it.
    writeFileSync(`${this.file}.new`, `${hours < 0 ? '-' : '+'}${Math.abs(hours)}h\n`);
    renameSync(`${this.file}.new`, this.file);
  }
}
