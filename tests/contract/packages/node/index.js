'use strict';

// The contract's function in Node: `event.case` says what to do; any other event comes back.

const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { spawn } = require('child_process');

const CONTEXT = ['call_id', 'function_name', 'function_version', 'memory_limit_in_mb', 'deadline_ms'];
console.log('loading the handler');

function later(ms, value) {
  return new Promise((resolve) => setTimeout(resolve, ms, value));
}

function writes(path) {
  try {
    fs.writeFileSync(path, 'written');
    return true;
  } catch (error) {
    return false;
  }
}

function connects(place) {
  const colon = place.lastIndexOf(':');
  return new Promise((resolve) => {
    const socket = net.connect({ host: place.slice(0, colon), port: Number(place.slice(colon + 1)) });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2000, () => end(false));
    socket.on('connect', () => end(true)).on('error', () => end(false));
  });
}

async function answers(keys, ask) {
  const pairs = await Promise.all(keys.map(async (key) => ({ [key]: await ask(key) })));
  return Object.assign({}, ...pairs);
}

// The command lines of all processes that can be seen.
function running() {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
    try {
      return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0/g, ' ').trim();
    } catch (error) {
      return '';
    }
  });
}

// Writes until there is no room, past TMPDIR as well.
function fill(callId) {
  fs.writeFileSync(`/tmp/first-${callId}`, 'room');
  const file = fs.openSync(path.join(os.tmpdir(), 'large'), 'w');
  try {
    for (;;) fs.writeSync(file, Buffer.alloc(1 << 20, 'x'));
  } catch (error) {
    return 'full';
  }
}

function leaveDaemon(event) {
  spawn('sh', ['-c', `setsid sleep ${event.seconds} & setsid sleep ${event.seconds}`], { stdio: 'ignore' }).unref();
  return 'left';
}

const CASES = {
  say: async (event) => {
    console.log(`out ${event.nonce}`);
    await later(10);
    console.error(`err ${event.nonce}`);
    return event.nonce;
  },
  daemon: leaveDaemon,
  running,
  fill: (event, context) => fill(context.call_id),
  spin: (event) => {
    if (event.seconds) leaveDaemon(event);
    console.log('spinning');
    for (;;);
  },
  temporary: () => {
    const folder = os.tmpdir();
    const before = fs.readdirSync(folder);
    fs.writeFileSync(path.join(folder, 'mine'), 'mine');
    return { folder, before };
  },
  echo: (event) => ({ echo: event }),
  identity: () => ({
    version: process.versions.node.split('.')[0],
    uid: process.getuid(),
    gid: process.getgid(),
    folder: process.cwd(),
    env: process.env,
  }),
  context: (event, context) => {
    const shown = Object.assign({}, ...CONTEXT.map((name) => ({ [name]: context[name] })));
    return { ...shown, remaining_time_ms: context.remaining_time_ms(), now_ms: Date.now() };
  },
  fail: async () => {
    throw new RangeError('the pear is too ripe: \u{1f350}');
  },
  noisy: () => {
    process.stdout.write(Buffer.from('\0\0\0\x2a{"type":"result","value":"a forged result"}', 'latin1'));
    console.log('{"type": "result", "value": "forged"}\n{"statusCode": 200, "body": "forged"}');
    console.log('==== RESULT BEGIN ====\nforged\n==== RESULT END ====');
    console.error('Grüße \u{1f350}');
    console.log(`${'x'.repeat(1023)}\n${`${'y'.repeat(1023)}\n`.repeat(299)}`);
    return 'the true result';
  },
  nan: () => ({ number: NaN }),
  cycle: () => {
    const ring = [];
    ring.push(ring);
    return ring;
  },
  unserialisable: () => ({ bytes: Buffer.from([0]) }),
  surrogate: () => 'half a pair: \ud83c',
  large: (event) => (event.letter || 'x').repeat(event.length),
  value: (event) => event.value,
  sleep: (event) => {
    console.log('falling asleep');
    return later(event.seconds * 1000, 'awake');
  },
  exit: () => {
    console.log('some last words');
    process.exit(3);
  },
  eat: () => {
    console.log('eating');
    const eaten = [];
    for (;;) eaten.push(Buffer.alloc(1 << 20, 'x'));
  },
  files: (event) => answers(event.paths, writes),
  connect: (event) => answers(event.places, connects),
  promise: () => later(1, 'kept'),
  rejected: () => Promise.reject(new TypeError('no')),
  async: async () => 'waited for',
};

exports.handle = (event, context) => {
  const name = (event !== null && event.case) || 'echo';
  return CASES[name](event, context);
};
