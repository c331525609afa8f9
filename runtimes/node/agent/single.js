'use strict';

// One process for one call: loads the handler, serves the call, and ends. In the mode `container` the process is the
// whole agent, which listens by itself.

const guard = require('./guard');
const { Call } = require('./call');
const { Connection, listen } = require('./connection');
const { decode, ready } = require('./frames');
const { loadHandler } = require('./handler');
const { CallLog, captureOutput } = require('./output');

const { clearTimeout, setImmediate, setTimeout } = global; // a function may replace them, as tests do

const GRACE_MS = 5000; // for whoever has its `ready` when the lifetime is over, or gets it later
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function isCall(frame) {
  return frame !== null && frame.type === 'call';
}

// The call that a frame brings; null when it is anything else.
function callIn(frame) {
  try {
    const value = decode(frame);
    return isCall(value) ? value : null;
  } catch (error) {
    return null;
  }
}

class SingleCall {
  // `end` is called after the call has been answered.
  constructor(settings, log, end) {
    this.settings = settings;
    this.log = log;
    this.end = end;
    this.loading = null;
    this.handler = null;
    this.loadFailure = null;
    this.call = null;
  }

  onExit(status) {
    if (this.call) this.call.exit(status);
  }

  // Outside of a call it belongs to loading: in plain Node it would have ended the process.
  onStrayError(error) {
    if (this.call) this.call.fail(error);
    else this._failToLoad(error);
  }

  onIdle() {
    if (this.call) this.call.fail(new NeverSettled());
  }

  // Once, however often it is asked for. Never rejects.
  load() {
    this.loading = this.loading || this._load();
    return this.loading;
  }

  async _load() {
    try {
      this.handler = await loadHandler(this.settings.handler);
    } catch (error) {
      this._failToLoad(error);
    }
  }

  // The first error counts: others often follow from it.
  _failToLoad(error) {
    this.loadFailure = this.loadFailure || { error };
  }

  // False when the frame is no call, or not the first.
  serve(connection, frame) {
    const brought = this.call ? null : callIn(frame);
    if (!brought) return false;
    const send = (text) => connection.send(text);
    this.call = new Call(brought, send, this.log, () => {
      connection.close();
      this.end();
    });
    this._run();
    return true;
  }

  _run() {
    if (this.loadFailure) this.call.failInit(this.loadFailure.error);
    else this.call.run(this.handler, this.settings.resultLimit);
  }
}

class NeverSettled extends Error {
  constructor() {
    super("the handler's promise was never settled, and nothing is left that could settle it");
  }
}

class ContainerServer {
  constructor(settings) {
    this.log = new CallLog(settings.logLimit);
    this.single = new SingleCall(settings, this.log, () => guard.exit(0));
    this.ready = ready(settings.runtime);
    this.connections = new Set();
    this.isLoaded = false;
    this.isOver = false; // its lifetime
    this.grace = null;
    this.server = listen(settings.channel, (socket) => this._accept(socket), () => this._begin());
    if (settings.lifetime > 0) this._limit(settings.lifetime * 1000);
  }

  // Not before it listens: an agent that cannot listen must say so on the container's own stderr.
  _begin() {
    captureOutput(this.log);
    guard.install(this.single);
  }

  async _accept(socket) {
    // During the call only what the handler waits for keeps the event loop alive, so that onIdle is heard.
    socket.unref();
    const connection = new Connection(socket);
    this._add(connection);
    await this.single.load();
    this.isLoaded = true;
    connection.pass(this.ready);
    connection.receive((frame) => this._take(connection, frame));
    this._look();
  }

  _add(connection) {
    this.connections.add(connection);
    connection.whenClosed(() => {
      this.connections.delete(connection);
      this._look();
    });
  }

  _take(connection, frame) {
    connection.stopReceiving();
    if (this.single.serve(connection, frame)) this._stopListening();
    else connection.close();
  }

  _limit(lifetime) {
    // Whoever has connected in the meantime is accepted before it stops listening.
    setTimeout(() => setImmediate(() => this._expire()), Math.min(lifetime, LONGEST_TIMER_MS)).unref();
  }

  _expire() {
    this.isOver = true;
    this._stopListening();
  }

  _stopListening() {
    this.server.close();
    this._look();
  }

  // Whether it is time to end: not with a call, nor as long as somebody waits for its `ready`.
  _look() {
    clearTimeout(this.grace);
    if (!this.isOver || this.single.call) return;
    if (this.connections.size === 0) guard.exit(0);
    else if (this.isLoaded) this.grace = setTimeout(() => guard.exit(0), GRACE_MS);
  }
}

function serve(settings) {
  return new ContainerServer(settings);
}

module.exports = { SingleCall, serve };
