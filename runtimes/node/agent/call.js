'use strict';

// One call: runs the handler, and sends exactly one frame that ends it, whichever way it ends.

const { errorFrame } = require('./failure');
const { serialise } = require('./result');

const { now } = Date; // a function may replace the clock, as tests do
const { hrtime } = process;

class Context {
  constructor(fields) {
    Object.assign(this, fields);
  }

  remaining_time_ms() {
    return Math.max(0, this.deadline_ms - now());
  }
}

class Stopwatch {
  constructor() {
    this.started = now();
    this.start = hrtime();
  }

  // Unix times in ms. The length is measured on the monotonic clock.
  times() {
    const [seconds, nanoseconds] = hrtime(this.start);
    return { started_ms: this.started, ended_ms: this.started + seconds * 1e3 + nanoseconds / 1e6 };
  }
}

class Call {
  // `onEnd` is called once, after the last frame has been sent.
  constructor(frame, send, log, onEnd) {
    this.event = frame.event;
    this.context = new Context(frame.context);
    this.send = send;
    this.log = log;
    this.onEnd = onEnd;
    this.stopwatch = new Stopwatch();
    this.ended = false;
  }

  async run(handler, resultLimit) {
    this.log.begin(this.send);
    this.stopwatch = new Stopwatch();
    let value;
    try {
      value = await handler(this.event, this.context);
    } catch (error) {
      this.fail(error);
      return;
    }
    this._succeed(value, resultLimit);
  }

  fail(error) {
    this._end(errorFrame('handler', error, this.stopwatch.times()));
  }

  failInit(error) {
    this.log.begin(this.send);
    this._end(errorFrame('init', error));
  }

  exit(status) {
    this._end(errorFrame('exit', new ProcessExit(status), { status }));
  }

  _succeed(value, limit) {
    const times = this.stopwatch.times();
    let text;
    try {
      text = serialise(value, limit);
    } catch (error) {
      this._end(errorFrame('result', error));
      return;
    }
    // Put together by hand: the value is JSON text already.
    this._end(`{"type":"result","started_ms":${times.started_ms},"ended_ms":${times.ended_ms},"value":${text}}`);
  }

  _end(text) {
    if (this.ended) return;
    this.ended = true;
    this.log.end();
    this.send(text);
    this.onEnd();
  }
}

class ProcessExit extends Error {
  constructor(status) {
    super(`the handler ended its process with status ${status}`);
  }
}

module.exports = { Call };
