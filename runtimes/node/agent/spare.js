'use strict';

// A process that a supervisor has started ahead for one call: loads the handler at once, says so, and waits for the
// call. Its channel is a socket that it has inherited.

const net = require('net');
const guard = require('./guard');
const { Call } = require('./call');
const { Connection } = require('./connection');
const { offerToOomKiller } = require('./memory');
const { CallLog, captureOutput } = require('./output');
const { SingleCall } = require('./single');

const { kill, pid } = process;
const { wait } = Atomics;

// Nothing of the function runs any more, and all that it has started can still be found below this process. The
// supervisor ends them.
function stop() {
  kill(pid, 'SIGSTOP');
  for (;;) wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // should another thread be the first to stop
}

// The first run of any code is slow. Now nobody waits for it.
function rehearse() {
  const nothing = () => {};
  return new Call({ event: null, context: {} }, nothing, new CallLog(0), nothing).run(nothing, 0);
}

async function serve(settings) {
  offerToOomKiller();
  const socket = new net.Socket({ fd: Number(settings.channel.slice('fd:'.length)), readable: true, writable: true });
  const connection = new Connection(socket);
  connection.whenClosed(() => guard.exit(0)); // the supervisor has ended
  const log = new CallLog(settings.logLimit);
  const single = new SingleCall(settings, log, stop);
  captureOutput(log);
  guard.install(single);
  log.begin((text) => connection.send(text)); // the supervisor keeps it for the call, however this process ends
  await rehearse();
  connection.receive((frame) => take(single, connection, frame));
}

// The supervisor asks to load the handler, and then brings the call.
async function take(single, connection, frame) {
  if (!single.loading) {
    await single.load();
    connection.send(single.loadFailure ? '{"type":"failed"}' : '{"type":"loaded"}');
    return;
  }
  connection.socket.unref(); // only what the handler waits for keeps the event loop alive, so that onIdle is heard
  if (!single.serve(connection, frame)) connection.send('{"type":"refused"}');
}

module.exports = { serve };
