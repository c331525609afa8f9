'use strict';

// How long an agent lives without a call.

const { setImmediate, setTimeout, clearTimeout } = global; // a function may replace them, as tests do
const { hrtime } = process;

const LONGEST_TIMER_MS = 2 ** 31 - 1;

function now() {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

function isLifetime(seconds) {
  return typeof seconds === 'number' && seconds >= 0 && seconds < Infinity;
}

class Lifetime {
  // `seconds` from now or the end of the last call; 0 for ever. `onOver` is called once.
  constructor(seconds, onOver) {
    this.limit = seconds > 0 ? seconds * 1e3 : Infinity;
    this.onOver = onOver;
    this.since = now();
    this.calls = 0;
    this.isOver = false;
    this.timer = null;
    this._wait();
  }

  // Another one, to be counted from the same moment; 0 is over at once, calls or not. Throws on what is none.
  set(seconds) {
    if (!isLifetime(seconds)) throw new TypeError(`a lifetime of ${seconds}`);
    this.limit = seconds * 1e3;
    if (seconds === 0) this._end();
    else this._wait();
  }

  callBegan() {
    this.calls += 1;
    clearTimeout(this.timer);
  }

  callEnded() {
    this.calls -= 1;
    this.since = now();
    this._wait();
  }

  _wait() {
    clearTimeout(this.timer);
    if (this.calls > 0 || this.isOver || this.limit === Infinity) return;
    const left = Math.max(0, this.since + this.limit - now());
    // What has arrived by then is read first: it could be a call.
    this.timer = setTimeout(() => setImmediate(() => this._check()), Math.min(left, LONGEST_TIMER_MS));
  }

  _check() {
    if (this.calls > 0) return;
    if (this.since + this.limit <= now()) this._end();
    else this._wait();
  }

  _end() {
    if (this.isOver) return;
    this.isOver = true;
    this.onOver();
  }
}

module.exports = { Lifetime };
