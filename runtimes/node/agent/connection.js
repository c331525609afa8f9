'use strict';

// Where the agent listens, and the worker's connections. Sending is synchronous, so that everything is in the kernel's
// hands, in order, when the process ends the next moment; and so that a function that prints without end waits instead
// of filling memory.

const { writeSync } = require('fs');
const net = require('net');
const { FrameParser, encode } = require('./frames');

const { wait } = Atomics;

const FIRST_PAUSE_MS = 0.05;
const LONGEST_PAUSE_MS = 20;
const PATIENCE_MS = 30000;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

function writeSome(descriptor, bytes, offset) {
  try {
    return writeSync(descriptor, bytes, offset);
  } catch (error) {
    if (error.code === 'EAGAIN') return 0;
    throw error;
  }
}

function waitForRoom(descriptor, bytes, offset) {
  let pause = FIRST_PAUSE_MS;
  for (let waited = 0; waited < PATIENCE_MS; waited += pause) {
    const written = writeSome(descriptor, bytes, offset);
    if (written > 0) return written;
    wait(sleeper, 0, 0, pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
  throw new Error(`the peer has read nothing for ${PATIENCE_MS} ms`);
}

function writeAll(descriptor, bytes) {
  for (let sent = 0; sent < bytes.length; ) sent += waitForRoom(descriptor, bytes, sent);
}

function address(channel) {
  const colon = channel.indexOf(':');
  const [kind, place] = [channel.slice(0, colon), channel.slice(colon + 1)];
  if (kind === 'unix') return { path: place };
  if (kind === 'tcp') return { port: Number(place) };
  throw new Error(`WF_CHANNEL is ${channel}, neither unix:<path> nor tcp:<port>`);
}

// `onSocket` gets the socket of everybody who connects.
function listen(channel, onSocket, onListening) {
  // Half open: a peer may end its side after the call and still wants the answer.
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.setNoDelay(true);
    onSocket(socket);
  });
  const before = process.umask(0); // binding makes the socket: everybody may connect from its first moment
  server.listen(address(channel), onListening);
  process.umask(before);
  return server;
}

class Connection {
  constructor(socket) {
    this.socket = socket;
    this.descriptor = socket._handle.fd; // net has no public name for it
    this.open = true;
    socket.on('error', () => this.close());
    // Once the socket is closed its number may be that of a file of the function's.
    socket.on('close', () => this.close());
  }

  send(text) {
    this.pass(encode(text));
  }

  // A peer that is gone is no error here: nobody is left to be told, and the handler must not notice.
  pass(frame) {
    if (!this.open) return;
    try {
      writeAll(this.descriptor, frame);
    } catch (error) {
      this.close();
    }
  }

  // Gives every frame to `onFrame`; a protocol error closes the connection.
  receive(onFrame) {
    this.onFrame = onFrame;
    this.parser = new FrameParser();
    this.socket.on('end', () => this.close());
    this.socket.on('data', (piece) => this.take(piece));
  }

  take(piece) {
    this._parse(piece).forEach(this.onFrame);
  }

  _parse(piece) {
    try {
      return this.parser.push(piece);
    } catch (error) {
      this.close();
      return [];
    }
  }

  stopReceiving() {
    this.socket.pause();
  }

  whenClosed(callback) {
    this.socket.on('close', callback);
  }

  // Everything has been sent.
  finish() {
    this.close();
  }

  close() {
    this.open = false;
    this.socket.destroy();
  }
}

module.exports = { Connection, listen };
