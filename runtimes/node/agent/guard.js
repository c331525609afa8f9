'use strict';

// What can end the process from within, or pass by the handler's promise. Whoever is guarded hears of it first.

const { pid } = process;
const reallyExit = process.reallyExit.bind(process);

// Ends the process without the function's exit listeners: they could keep it, and change its status.
function exit(status) {
  reallyExit(status);
}

// `guarded` has onExit(status), onStrayError(error, event) and onIdle().
function install(guarded) {
  // process.exit() ends here, after the function's own exit listeners, whose output is still a part of the log.
  process.reallyExit = (status) => {
    guarded.onExit(status);
    reallyExit(status);
  };
  watchErrors(guarded);
  process.on('beforeExit', () => guarded.onIdle());
  // The kernel keeps signals without a handler from process 1. Any other process is ended by them as it is, even in
  // a busy loop, where no handler would run.
  if (pid === 1) process.on('SIGTERM', () => reallyExit(128 + 15));
}

function watchErrors(guarded) {
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error) => {
      // A function with a listener of its own has dealt with it, as in plain Node.
      if (process.listenerCount(event) === 1) guarded.onStrayError(error, event);
    });
  }
}

module.exports = { exit, install };
