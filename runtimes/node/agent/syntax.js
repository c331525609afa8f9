'use strict';

// Where a syntax error is. Node tells it in the first line of the stack, but for ES modules only to the one who checks.

const path = require('path');

const PLACE = /^(?:file:\/\/)?(\/.*):(\d+)$/;
const CHECK_LIMIT_MS = 5000;

function placeIn(text) {
  const match = PLACE.exec(String(text).split('\n', 1)[0]);
  return match ? `${path.relative('', match[1])}:${match[2]}` : null;
}

function check(file) {
  const { spawnSync } = require('child_process'); // not needed for functions that load
  const options = { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: CHECK_LIMIT_MS };
  return spawnSync(process.execPath, ['--check', file], options).stderr || '';
}

function addPlace(error, file) {
  const place = placeIn(error.stack) || placeIn(check(file));
  if (place) error.message += ` (${place})`;
}

module.exports = { addPlace };
