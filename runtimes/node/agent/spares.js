'use strict';

// The places of the mode `process`: processes that are started ahead, used once, and ended with all that they have left.

const { SpareProcess } = require('./spare_process');

const AHEAD = 2; // of callers that nobody knows of
const RETRY_MS = 100;
const QUIET_MS = 5; // to start one holds up everybody else: whoever has just got a place calls sooner than that
const FEW = 3;
const INIT_ERROR = '{"type":"error","kind":"init"';

function isInitError(frame) {
  return frame !== null && frame.toString('latin1', 4, 4 + INIT_ERROR.length) === INIT_ERROR;
}

class Spares {
  constructor(settings, temporary, leftovers) {
    this.settings = settings;
    this.temporary = temporary;
    this.leftovers = leftovers;
    this.reception = null;
    this.isRetired = false;
    this.hasLoaded = false;
    this.failures = 0; // since then
    this.ahead = 0;
    this.waiting = 0;
    this.starting = null; // the timer, when one is to be started
    this.isUrgent = false;
    this.idle = [];
    this.loading = new Set();
    this.taken = new Map(); // to the session
    this.living = new Set(); // all of these, and those that are being ended
  }

  // Somebody has connected: user code may run.
  load() {
    if (!this.isRetired) this.ahead = AHEAD;
  }

  retire() {
    this.isRetired = true;
    this.ahead = 0;
  }

  take(session) {
    const spare = this.idle.shift();
    if (spare) this.taken.set(spare, session);
    return spare;
  }

  giveBack(spare) {
    this.taken.delete(spare);
    this.idle.unshift(spare);
  }

  // So many callers wait. One is started at a time: those who have a place come first.
  want(waiting) {
    this.waiting = waiting;
    const isUrgent = waiting > this._made();
    if (!this._lacks() || (this.starting && (this.isUrgent || !isUrgent))) return;
    clearTimeout(this.starting);
    this.isUrgent = isUrgent;
    this.starting = setTimeout(() => this._start(), isUrgent ? 0 : QUIET_MS);
  }

  _made() {
    return this.idle.length + this.loading.size;
  }

  _lacks() {
    const made = this._made();
    return made < Math.max(this.ahead, this.waiting) && made + this.taken.size < this.settings.concurrency;
  }

  _start() {
    this.starting = null;
    if (!this._lacks()) return;
    const folder = this.temporary.make();
    try {
      this._add(new SpareProcess(this.settings, folder, this));
    } catch (error) {
      this.temporary.remove(folder);
      this._retry();
      return;
    }
    this.want(this.waiting);
  }

  _add(spare) {
    this.living.add(spare);
    this.loading.add(spare);
  }

  // -- what spares tell

  loaded(spare) {
    this.hasLoaded = true;
    this.failures = 0;
    this.temporary.keepWhatIsThere();
    this._offer(spare);
    this._tidy();
  }

  // The handler cannot be loaded. The spare is needed to say so.
  failed(spare) {
    if (this._isPassing()) {
      this._discard(spare);
      this._retry();
      return;
    }
    this.retire();
    this._offer(spare);
  }

  // Before its call, and unless it is needed all the same.
  died(spare) {
    if (this.loading.has(spare)) {
      this.failed(spare);
    } else if (spare.isLoaded) {
      const session = this.taken.get(spare);
      this._discard(spare);
      if (session) session.stand();
    }
  }

  answered(spare, frame) {
    this.taken.delete(spare);
    if (!spare.isLoaded || isInitError(frame)) this.reception.drain();
    this.reception.seat();
    setImmediate(() => this._end(spare)); // those who have just got a place come first
  }

  async cancelled(spare, whenOver) {
    await this._end(spare);
    whenOver();
    this.reception.seat();
  }

  // It has been loaded before: a call may have taken all memory, processes or files.
  _isPassing() {
    if (!this.hasLoaded) return false;
    if (this.taken.size > 0) return true;
    this.failures += 1;
    return this.failures <= FEW;
  }

  _retry() {
    setTimeout(() => this.want(this.waiting), RETRY_MS);
  }

  _discard(spare) {
    spare.isOver = true;
    this.loading.delete(spare);
    this.idle = this.idle.filter((other) => other !== spare);
    this._end(spare);
  }

  _offer(spare) {
    this.loading.delete(spare);
    this.idle.push(spare);
    this.reception.seat();
  }

  // -- their ends

  async _end(spare) {
    this.taken.delete(spare);
    await this.leftovers.end(spare, [...this.living].filter((other) => other !== spare));
    await spare.whenDead;
    this.living.delete(spare);
    spare.release();
    this.temporary.remove(spare.folder);
    this._tidy();
  }

  // When no call runs, whatever is left belongs to nobody. What is being loaded may still need its files.
  _tidy() {
    if (this.living.size > this.idle.length + this.loading.size) return;
    this.leftovers.endStrays([...this.living]);
    if (this.loading.size === 0) this.temporary.wipeStrays();
  }

  // At once, with everything that they have started.
  endAll() {
    this.leftovers.endAll([...this.living]);
  }
}

module.exports = { Spares };
