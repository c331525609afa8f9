'use strict';

// Ends the processes that calls have started, and nothing else. A process belongs to the call's process that it descends
// from, whose session it is in, or whose temporary folder it has in its environment: one of these is nearly always
// left. What has got rid of all three can only be told from others in a container, where nobody else is.

const { startOf, table, variable } = require('./processes');

const PAUSE_MS = 2;
const PATIENCE_MS = 5000;
const INIT = 1;

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    return; // it has ended
  }
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

class Leftovers {
  constructor(isAlone) {
    this.isAlone = isAlone;
    this.birth = startOf(process.pid);
  }

  // Ends everything that belongs to `ended`, and this at the last: as long as it is there, its children are not
  // handed on to somebody else. `others` are not to be touched. Resolves when nothing of it runs.
  async end(ended, others) {
    for (let waited = 0; waited < PATIENCE_MS; waited += PAUSE_MS) {
      const found = this._freeze((pid) => this._owner(pid, [ended, ...others]) === ended);
      const below = found.filter((pid) => pid !== ended.pid);
      below.forEach((pid) => signal(pid, 'SIGKILL'));
      ended.kill();
      if (below.length === 0) return;
      await pause();
    }
  }

  // Ends what belongs to no call's process. Only while no call runs.
  endStrays(living) {
    if (!this.isAlone) return;
    this._freeze((pid) => this._isStray(pid, living)).forEach((pid) => signal(pid, 'SIGKILL'));
  }

  // Ends everything at once.
  endAll(living) {
    this._freeze((pid) => this._owner(pid, living) !== null || (this.isAlone && this._isStray(pid, living)))
      .forEach((pid) => signal(pid, 'SIGKILL'));
  }

  // Only what is stopped cannot start more; so it looks again until nobody is new.
  _freeze(isWanted) {
    const frozen = new Set();
    for (let known = -1; known < frozen.size; ) {
      known = frozen.size;
      this.table = table();
      const found = [...this.table.keys()].filter((pid) => !frozen.has(pid) && isWanted(pid));
      found.forEach((pid) => signal(pid, 'SIGSTOP'));
      found.forEach((pid) => frozen.add(pid));
    }
    return [...frozen];
  }

  _owner(pid, living) {
    const line = this._line(pid);
    const byLine = living.find((one) => line.includes(one.pid) || this.table.get(pid).session === one.pid);
    return byLine || this._ownerByFolder(pid, line, living);
  }

  _ownerByFolder(pid, line, living) {
    // Reading the environment is dear: not of what was there before us, nor of ourselves.
    if (pid === process.pid || this.table.get(pid).started < this.birth) return null;
    const folder = variable(pid, 'TMPDIR');
    return (folder && living.find((one) => one.folder === folder)) || null;
  }

  // The process and its ancestors, up to ourselves.
  _line(pid) {
    const line = [];
    for (let at = pid; at !== process.pid && this.table.has(at); at = this.table.get(at).parent) line.push(at);
    return line;
  }

  // Ours, below nobody we know; or without a parent. Below 0: somebody has come in from outside.
  _isStray(pid, living) {
    if (pid === INIT || pid === process.pid || this._owner(pid, living)) return false;
    const line = this._line(pid);
    const { parent } = this.table.get(line[line.length - 1]);
    return parent === process.pid || line.includes(INIT);
  }
}

module.exports = { Leftovers };
