'use strict';

// The Node agent's entry (docs/agents.md): reads its settings, listens, and only then lets user code near.

const guard = require('./guard');
const { CallLog, captureOutput } = require('./output');
const { ContainerServer } = require('./server');

// The handler and its child processes must not see what steers the agent.
function take(name) {
  const value = process.env[name];
  if (value === undefined) throw new Error(`the agent needs the environment variable ${name}`);
  delete process.env[name];
  return value;
}

function takeSettings() {
  return {
    channel: take('WF_CHANNEL'),
    handler: take('WF_HANDLER'),
    mode: take('WF_MODE'),
    runtime: take('WF_RUNTIME'),
    logLimit: Number(take('WF_LOG_LIMIT')),
    resultLimit: Number(take('WF_RESULT_LIMIT')),
  };
}

function main() {
  const settings = takeSettings();
  if (settings.mode !== 'container') throw new Error(`this agent knows no WF_MODE ${settings.mode}`);
  const log = new CallLog(settings.logLimit);
  const server = new ContainerServer(settings, log, () => guard.exit(0));
  // Not before it listens: an agent that cannot listen must say so on the container's own stderr.
  server.listen(() => {
    captureOutput(log);
    guard.install(server);
  });
}

main();
