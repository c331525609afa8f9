'use strict';

// Frames on the wire: a 4-byte big-endian length, then that many bytes of UTF-8 JSON.

const { parse, stringify } = JSON;

const AGENT_VERSION = 2;
const HEADER = 4;
const MAX_FRAME = 16 * 1024 * 1024;

function encode(text) {
  const size = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(HEADER + size);
  frame.writeUInt32BE(size, 0);
  frame.write(text, HEADER);
  return frame;
}

function decode(frame) {
  return parse(frame.toString('utf8', HEADER));
}

// The type of a frame that an agent has written, which puts it first.
function typeOf(frame) {
  const match = /^\{"type":"(\w+)"/.exec(frame.toString('latin1', HEADER, HEADER + 32));
  return match && match[1];
}

function ready(runtime) {
  return encode(stringify({ type: 'ready', runtime, agent_version: AGENT_VERSION }));
}

// Takes bytes as they come and gives whole frames, with their lengths. Pieces are joined once for a frame, not once for a
// piece.
class FrameParser {
  constructor() {
    this.pieces = [];
    this.held = 0;
    this.wanted = HEADER;
  }

  // The frames that this piece completes. Throws on one that is too long.
  push(piece) {
    this.pieces.push(piece);
    this.held += piece.length;
    const frames = [];
    while (this._isComplete()) frames.push(this._cut());
    return frames;
  }

  _isComplete() {
    if (this.held < this.wanted) return false;
    if (this.wanted === HEADER) this.wanted += this._size();
    return this.held >= this.wanted;
  }

  _join() {
    if (this.pieces.length > 1) this.pieces = [Buffer.concat(this.pieces)];
    return this.pieces[0];
  }

  _size() {
    const size = this._join().readUInt32BE(0);
    if (size > MAX_FRAME) throw new Error(`a frame of ${size} bytes is over the limit of ${MAX_FRAME}`);
    return size;
  }

  _cut() {
    const bytes = this._join();
    const frame = bytes.slice(0, this.wanted);
    this.held -= this.wanted;
    this.pieces = this.held > 0 ? [bytes.slice(this.wanted)] : []; // an empty one would keep all of it in memory
    this.wanted = HEADER;
    return frame;
  }
}

module.exports = { FrameParser, decode, encode, ready, typeOf };
