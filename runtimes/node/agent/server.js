'use strict';

// The mode `container`: listens, loads the handler on the first connection, serves one call, and ends.

const net = require('net');
const { Call } = require('./call');
const { Connection } = require('./connection');
const { loadHandler } = require('./handler');

const AGENT_VERSION = 1;

function address(channel) {
  const colon = channel.indexOf(':');
  const [kind, place] = [channel.slice(0, colon), channel.slice(colon + 1)];
  if (kind === 'unix') return { path: place };
  if (kind === 'tcp') return { port: Number(place) };
  throw new Error(`WF_CHANNEL is ${channel}, neither unix:<path> nor tcp:<port>`);
}

function isCall(frame) {
  return frame !== null && frame.type === 'call';
}

class ContainerServer {
  // `end` is called after the call has been answered.
  constructor(settings, log, end) {
    this.settings = settings;
    this.log = log;
    this.end = end;
    this.loading = null;
    this.handler = null;
    this.loadFailure = null;
    this.call = null;
    // Half open: a peer may end its side after the call and still wants the answer.
    this.server = net.createServer({ allowHalfOpen: true }, (socket) => this._accept(socket));
  }

  listen(onListening) {
    const before = process.umask(0); // binding makes the socket: everybody may connect from its first moment
    this.server.listen(address(this.settings.channel), onListening);
    process.umask(before);
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

  async _accept(socket) {
    // During the call only what the handler waits for keeps the event loop alive, so that onIdle is heard.
    socket.unref();
    socket.setNoDelay(true);
    const connection = new Connection(socket);
    this.loading = this.loading || this._load();
    await this.loading;
    connection.send(JSON.stringify({ type: 'ready', runtime: this.settings.runtime, agent_version: AGENT_VERSION }));
    connection.receive((frame) => this._serve(connection, frame));
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

  _serve(connection, frame) {
    if (this.call || !isCall(frame)) {
      connection.close();
      return;
    }
    connection.stopReceiving();
    this.server.close();
    this._answer(connection, frame);
  }

  _answer(connection, frame) {
    const send = (text) => connection.send(text);
    this.call = new Call(frame, send, this.log, () => {
      connection.close();
      this.end();
    });
    if (this.loadFailure) this.call.failInit(this.loadFailure.error);
    else this.call.run(this.handler, this.settings.resultLimit);
  }
}

class NeverSettled extends Error {
  constructor() {
    super("the handler's promise was never settled, and nothing is left that could settle it");
  }
}

module.exports = { ContainerServer };
