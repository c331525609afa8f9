'use strict';

// The Node agent's entry (docs/agents.md): reads its settings and starts its mode, which listens before user code is near.

const MODES = {
  container: './single',
  process: './supervisor',
  shared: './shared',
  spare: './spare', // of the mode `process`: what its supervisor starts for each call
};

// The handler and its child processes must not see what steers the agent.
function take(name, fallback) {
  const value = process.env[name] === undefined ? fallback : process.env[name];
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
    lifetime: Number(take('WF_LIFETIME', 0)),
    concurrency: Number(take('WF_CONCURRENCY', 8)),
    memory: Number(take('WF_MEMORY', 0)),
    tmp: take('WF_TMP', ''),
    alone: take('WF_ALONE', '') === '1',
  };
}

function main() {
  const settings = takeSettings();
  if (!Object.keys(MODES).includes(settings.mode)) throw new Error(`this agent knows no WF_MODE ${settings.mode}`);
  require(MODES[settings.mode]).serve(settings);
}

main();
