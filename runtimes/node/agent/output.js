'use strict';

// What the function writes to process.stdout and process.stderr becomes log frames, at once and in order.

const { Writable } = require('stream');
const { StringDecoder } = require('string_decoder');

const { stringify } = JSON;
const { nextTick } = process;

// A byte that is not UTF-8 is replaced by three: a third of 64 KiB always fits, with what the decoder held back.
const PIECE = 20 * 1024;

function logFrame(stream, data) {
  return stringify({ type: 'log', stream, data });
}

// The log of one call, up to a limit of bytes. What comes before the call begins is kept for it.
class CallLog {
  constructor(limit) {
    this.limit = limit;
    this.left = limit;
    this.cut = false;
    this.early = [];
    this.send = (text) => this.early.push(text);
    this.decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  }

  begin(send) {
    this.early.forEach((text) => send(text));
    this.early = [];
    this.send = send;
  }

  write(stream, bytes) {
    if (this.cut) return;
    const kept = bytes.slice(0, this.left);
    this.left -= kept.length;
    for (let at = 0; at < kept.length; at += PIECE) {
      this._sendText(stream, this.decoders[stream].write(kept.slice(at, at + PIECE)));
    }
    if (kept.length < bytes.length) this._cutHere();
  }

  // Sends what looked like the beginning of a character and was none.
  end() {
    if (this.cut) return;
    for (const stream of ['stdout', 'stderr']) this._sendText(stream, this.decoders[stream].end());
  }

  _sendText(stream, text) {
    if (text !== '') this.send(logFrame(stream, text));
  }

  _cutHere() {
    this.cut = true;
    this.send(logFrame('stderr', `[log cut at ${this.limit} bytes]\n`));
  }
}

// Calls back in the next tick. Equal callbacks in a row are counted, as in Node's own streams: the console passes the
// same one for every line, and a loop that prints without end must not fill memory with them.
class Callbacks {
  constructor() {
    this.last = { callback: null, count: 0 };
  }

  add(callback) {
    if (this.last.callback === callback && this.last.count > 0) {
      this.last.count += 1;
      return;
    }
    this.last = { callback, count: 1 };
    nextTick(Callbacks._run, this.last);
  }

  static _run(entry) {
    for (; entry.count > 0; entry.count -= 1) entry.callback(null);
  }
}

// Stands in for process.stdout or process.stderr. `write` is the stream's own and keeps nothing: Writable's would hold
// a record for each write of a loop until the loop ends.
class LogStream extends Writable {
  constructor(log, name, descriptor) {
    super();
    this.fd = descriptor;
    this._log = log;
    this._name = name;
    this._callbacks = new Callbacks();
  }

  write(chunk, encoding, callback) {
    const whenDone = typeof encoding === 'function' ? encoding : callback;
    if (!this._log.cut) this._log.write(this._name, this._bytes(chunk, encoding));
    if (typeof whenDone === 'function') this._callbacks.add(whenDone);
    return true;
  }

  // For what Writable itself writes: the last chunk of end().
  _write(chunk, encoding, callback) {
    this._log.write(this._name, chunk);
    callback();
  }

  // One unit more than may pass is enough to see that it is too much: a line of 100 MB is not copied.
  _bytes(chunk, encoding) {
    if (typeof chunk === 'string' && typeof encoding === 'string') return Buffer.from(chunk, encoding);
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) {
      return Buffer.from(chunk.slice(0, this._log.left + 1));
    }
    throw new TypeError('The "chunk" argument must be of type string or an instance of Buffer or Uint8Array');
  }
}

function captureOutput(log) {
  for (const [descriptor, name] of [[1, 'stdout'], [2, 'stderr']]) {
    const stream = new LogStream(log, name, descriptor);
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
  }
}

module.exports = { CallLog, captureOutput };
