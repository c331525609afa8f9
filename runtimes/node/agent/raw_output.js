'use strict';

// What a call's process and its children write to their stdout and stderr without process.stdout: native code, programs.

const { readSync } = require('fs');

const SIZE = 65536;

// Gives to `onData` what has been written to the socket by now, without waiting for the event loop. The socket must be
// flowing, so that it holds nothing back.
function drain(socket, onData) {
  for (let piece = readSome(socket); piece; piece = readSome(socket)) onData(piece);
}

function readSome(socket) {
  if (!socket._handle) return null; // it is at its end already
  const piece = Buffer.allocUnsafe(SIZE);
  try {
    const size = readSync(socket._handle.fd, piece, 0, SIZE, null);
    return size > 0 ? piece.slice(0, size) : null;
  } catch (error) {
    return null; // EAGAIN: there is no more
  }
}

class RawOutput {
  constructor(child, log) {
    this.streams = { stdout: child.stdout, stderr: child.stderr };
    this.log = log;
    this.lastWords = ''; // on stderr
    this._each((name, socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (bytes) => this._take(name, bytes));
    });
  }

  drain() {
    this._each((name, socket) => drain(socket, (bytes) => this._take(name, bytes)));
  }

  close() {
    this._each((name, socket) => socket.destroy());
  }

  _each(visit) {
    Object.keys(this.streams).forEach((name) => visit(name, this.streams[name]));
  }

  _take(name, bytes) {
    if (name === 'stderr') this.lastWords = (this.lastWords + bytes.toString('latin1')).slice(-SIZE);
    this.log.write(name, bytes);
  }
}

module.exports = { RawOutput, drain };
