'use strict';

// A process that was started ahead for one call, as its supervisor sees it.

const { spawn } = require('child_process');
const { constants } = require('os');
const path = require('path');
const { BufferedConnection } = require('./buffered');
const { decode, encode, typeOf } = require('./frames');
const { oomKills } = require('./memory');
const { CallLog } = require('./output');
const { RawOutput, drain } = require('./raw_output');

const ENTRY = path.join(__dirname, 'agent.js');
const CHANNEL = 3; // its descriptor of the socket to us
const HEAP_SHARE = 0.75; // of the memory of one call; the rest is for buffers, code and stacks
const MIB = 1024 * 1024;
const STREAMS = ['stdout', 'stderr'];
const LAST = ['result', 'error', 'refused'];
const HEAP_IS_FULL = /^FATAL ERROR: .*heap out of memory/m;

function flags(settings) {
  const heap = Math.floor((settings.memory * HEAP_SHARE) / MIB);
  return heap > 0 ? [`--max-old-space-size=${heap}`] : [];
}

function environment(settings, folder) {
  return {
    ...process.env,
    ...(folder ? { TMPDIR: folder } : {}),
    WF_CHANNEL: `fd:${CHANNEL}`,
    WF_HANDLER: settings.handler,
    WF_MODE: 'spare',
    WF_RUNTIME: settings.runtime,
    WF_LOG_LIMIT: String(settings.logLimit),
    WF_RESULT_LIMIT: String(settings.resultLimit),
  };
}

// Throws when the machine has no process to give.
function start(settings, folder) {
  const child = spawn(process.execPath, [...flags(settings), ENTRY], {
    detached: true, // a session of its own, by which its children can be told from others
    env: environment(settings, folder),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  child.on('error', () => {}); // told by the missing pid
  if (child.pid === undefined) fail(child);
  return child;
}

function fail(child) {
  (child.stdio || []).filter(Boolean).forEach((socket) => socket.destroy());
  throw new Error('a process cannot be started');
}

// { stream, data } of a log frame; null when it has no such things.
function logIn(frame) {
  try {
    const { stream, data } = decode(frame);
    return STREAMS.includes(stream) && typeof data === 'string' ? { stream, data } : null;
  } catch (error) {
    return null;
  }
}

class SpareProcess {
  // `owner` hears loaded(spare), failed(spare), died(spare), answered(spare, frame) and cancelled(spare, whenOver). Throws when there is no process to be had.
  constructor(settings, folder, owner) {
    this.folder = folder;
    this.owner = owner;
    this.isLoading = true;
    this.isLoaded = false;
    this.isOver = false; // it has answered, has died, or has been given up
    this.session = null; // of its call
    this.kills = 0;
    this.log = new CallLog(settings.logLimit);
    this.child = start(settings, folder);
    this.pid = this.child.pid;
    this.end = null; // its signal or its status
    this._watch();
  }

  _watch() {
    this.raw = new RawOutput(this.child, this.log);
    this.channel = new BufferedConnection(this.child.stdio[CHANNEL]);
    // What its children have written before it says something comes first, above all before the last frame.
    this.channel.socket.on('data', () => this.raw.drain());
    this.channel.receive((frame) => this._take(frame));
    // Without it nothing can be said. It is either ending, or has closed what it does not know.
    this.channel.whenClosed(() => this.kill());
    this.channel.send('{"type":"load"}'); // a frame, so that the way of the call has been gone once
    this.whenDead = new Promise((resolve) => {
      this.child.on('exit', (status, signal) => {
        this._died(status, signal);
        resolve();
      });
    });
  }

  call(session, frame) {
    this.session = session;
    this.channel.pass(frame);
    this.log.begin((text) => session.send(text));
    this.kills = oomKills();
    if (this.end) this._tellEnd();
  }

  // `whenOver` is called when nothing of it runs any more.
  cancel(whenOver) {
    this.isOver = true;
    this.owner.cancelled(this, whenOver);
  }

  kill() {
    this.child.kill('SIGKILL');
  }

  release() {
    this.channel.close();
    this.raw.close();
  }

  // A function can write on this channel as well: what is not due ends its process, and nothing else.
  _take(frame) {
    if (this.isOver) return;
    const type = typeOf(frame);
    if (type === 'log') this._log(frame);
    else if (this.isLoading && type === 'loaded') this._loaded();
    else if (this.isLoading && type === 'failed') this._failed();
    else if (this.session && LAST.includes(type)) this._answer(type === 'refused' ? null : frame);
    else this.kill();
  }

  _loaded() {
    this.isLoading = false;
    this.isLoaded = true;
    this.owner.loaded(this);
  }

  _failed() {
    this.isLoading = false;
    this.owner.failed(this);
  }

  // The process cuts by itself. That counts what it has printed, but not what its children have.
  _log(frame) {
    const log = logIn(frame);
    if (log) this.log.write(log.stream, Buffer.from(log.data));
    else this.kill();
  }

  _answer(frame) {
    this.isOver = true;
    this.log.end();
    this.session.end(frame);
    this.owner.answered(this, frame);
  }

  _died(status, signal) {
    this.end = signal ? { signal: constants.signals[signal] } : { status };
    drain(this.channel.socket, (piece) => this.channel.take(piece));
    if (this.isOver) return;
    if (this.session) this._tellEnd();
    else this.owner.died(this);
  }

  _tellEnd() {
    this.raw.drain();
    this._answer(encode(JSON.stringify(this._endFrame())));
  }

  _endFrame() {
    const { signal, status } = this.end;
    const how = signal ? `was ended by signal ${signal}` : `ended with status ${status}`;
    return {
      type: 'error',
      kind: 'exit',
      errorType: 'ProcessExit',
      errorMessage: `the handler's process ${how}`,
      stackTrace: [],
      ...this.end,
      ...(this._isOutOfMemory() ? { oom: true } : {}),
    };
  }

  // The limit of the container, or the part of it that we have given to the heap.
  _isOutOfMemory() {
    if (this.end.signal === constants.signals.SIGKILL) return oomKills() > this.kills;
    return HEAP_IS_FULL.test(this.raw.lastWords);
  }
}

module.exports = { SpareProcess };
