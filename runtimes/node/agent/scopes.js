'use strict';

// Which call it is that runs, among many in one process, and where its output goes: its asynchronous context says so.

const { AsyncLocalStorage } = require('async_hooks');
const { writeFileSync } = require('fs');
const { CallLog } = require('./output');

const DESCRIPTORS = { stdout: 1, stderr: 2 };

// The container's own log, for what belongs to no call.
const containerLog = {
  cut: false,
  left: Infinity,
  write(stream, bytes) {
    try {
      writeFileSync(DESCRIPTORS[stream], bytes);
    } catch (error) {
      return; // nobody reads it
    }
  },
};

// A scope is a log and a call; loading has none. It stands in for the log of the scope that is printing.
class Scopes {
  constructor(logLimit) {
    this.logLimit = logLimit;
    this.storage = new AsyncLocalStorage();
    this.calls = new Map(); // that run, by their logs; null for loading
    // What loading prints, then and later, belongs to the first call, until that ends or there is a second one.
    this.loading = { log: new CallLog(logLimit), call: null };
    this.calls.set(this.loading.log, null);
    this.hasCalled = false;
  }

  // For the next call.
  newLog() {
    if (this.hasCalled) {
      this.loading.log = containerLog;
      return new CallLog(this.logLimit);
    }
    this.hasCalled = true;
    return this.loading.log;
  }

  load(work) {
    this.storage.run(this.loading, work);
  }

  run(call, work) {
    this.calls.set(call.log, call);
    this.storage.run({ log: call.log, call }, work);
  }

  end(call) {
    this.calls.delete(call.log);
  }

  running() {
    return [...this.calls.values()].filter(Boolean);
  }

  // The call that runs or has run here; undefined when it is none.
  currentCall() {
    const scope = this.storage.getStore();
    return (scope && scope.call) || undefined;
  }

  get cut() {
    return this._log().cut;
  }

  get left() {
    return this._log().left;
  }

  write(stream, bytes) {
    this._log().write(stream, bytes);
  }

  _log() {
    const scope = this.storage.getStore();
    return scope && this.calls.has(scope.log) ? scope.log : containerLog;
  }
}

module.exports = { Scopes, containerLog };
