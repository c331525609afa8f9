'use strict';

// The mode `shared`: many calls at once in this process, which has loaded the handler.

const guard = require('./guard');
const { Call } = require('./call');
const { Connection } = require('./connection');
const { decode } = require('./frames');
const { loadHandler } = require('./handler');
const { captureOutput } = require('./output');
const { Reception } = require('./reception');
const { Scopes, containerLog } = require('./scopes');

const FAILED = 1; // the status with which Node ends after an error that nobody has caught
const REJECTIONS_ARE_WARNINGS = Number(process.versions.node.split('.', 1)[0]) < 15;

function print(error) {
  containerLog.write('stderr', Buffer.from(`${(error && error.stack) || error}\n`));
}

// A place for one call.
class Seat {
  constructor(calls) {
    this.calls = calls;
    this.running = null;
  }

  call(session, frame) {
    const call = this._callIn(session, frame);
    if (call) {
      this.calls.run(call, this);
      return;
    }
    session.end(null);
    this.calls.leave(this);
  }

  // Nobody can end it; but nobody waits for it any more.
  cancel(whenOver) {
    this.calls.leave(this);
    whenOver();
  }

  // Null when the frame is no JSON, which is a protocol error.
  _callIn(session, frame) {
    let brought;
    try {
      brought = decode(frame);
    } catch (error) {
      return null;
    }
    const send = (text) => session.send(text);
    return new Call(brought, send, this.calls.scopes.newLog(), () => {
      session.end(null);
      this.calls.leave(this);
    });
  }
}

// The places of this mode, and what guard.js asks for.
class SharedCalls {
  constructor(settings) {
    this.settings = settings;
    this.scopes = new Scopes(settings.logLimit);
    this.reception = null;
    this.loading = null;
    this.isLoaded = false;
    this.handler = null;
    this.loadFailure = null;
    this.seats = new Set(); // that are taken
  }

  load() {
    if (this.loading) return;
    this.scopes.load(() => {
      this.loading = this._load();
    });
  }

  async _load() {
    try {
      this.handler = await loadHandler(this.settings.handler);
    } catch (error) {
      this._failToLoad(error);
    }
    this.isLoaded = true;
    this.reception.seat();
  }

  _failToLoad(error) {
    this.loadFailure = this.loadFailure || { error };
  }

  // -- places

  take() {
    if (!this.isLoaded || this.seats.size >= this.settings.concurrency) return null;
    const seat = new Seat(this);
    this.seats.add(seat);
    return seat;
  }

  giveBack(seat) {
    this.seats.delete(seat);
  }

  want() {} // nothing has to be made for a call

  retire() {}

  // -- calls

  run(call, seat) {
    seat.running = call;
    if (this.loadFailure) {
      call.failInit(this.loadFailure.error);
      this.reception.drain();
    } else {
      this.scopes.run(call, () => call.run(this.handler, this.settings.resultLimit));
    }
  }

  leave(seat) {
    if (seat.running) this.scopes.end(seat.running);
    if (this.seats.delete(seat)) this.reception.seat();
  }

  // -- what would end the process

  onExit(status) {
    this.scopes.running().forEach((call) => call.exit(status));
  }

  // It is the matter of the call in which it happens, or of loading. Any other one ends the process, as in plain Node.
  onStrayError(error, event) {
    const call = this.scopes.currentCall();
    if (call && !call.ended) call.fail(error);
    else if (!call && !this.scopes.hasCalled) this._failToLoad(error);
    else this._report(error, !call && !(event === 'unhandledRejection' && REJECTIONS_ARE_WARNINGS));
  }

  onIdle() {} // a call that waits for nothing cannot be told from one that is waited for

  _report(error, isEnd) {
    print(error);
    if (!isEnd) return;
    this.onExit(FAILED);
    guard.exit(FAILED);
  }
}

function serve(settings) {
  const calls = new SharedCalls(settings);
  calls.reception = new Reception(settings, calls, Connection, () => guard.exit(0));
  calls.reception.listen(settings.channel, () => {
    captureOutput(calls.scopes);
    guard.install(calls);
  });
}

module.exports = { serve };
