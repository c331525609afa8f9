'use strict';

// Error frames: how something that was thrown is told to the worker.

const path = require('path');

const { stringify } = JSON;

const AGENT = __dirname + path.sep;
const NODE_INTERNAL = /(?:\(|at )(?:node:)?internal\//;
const LONGEST_TEXT = 64 * 1024; // an error must fit into a frame, whatever its message is

// Cut, and with lone surrogates replaced: they are not UTF-8.
function clean(text) {
  return Buffer.from(String(text).slice(0, LONGEST_TEXT)).toString();
}

function withoutAgent(text) {
  return clean(text).split('\n').filter((line) => !line.includes(AGENT) && !NODE_INTERNAL.test(line));
}

// The name that tells most: a class that extends Error often leaves `name` as it is.
function typeName(error) {
  return error.name === 'Error' ? error.constructor.name : error.name;
}

function describeError(error) {
  return {
    errorType: clean(typeName(error)),
    errorMessage: withoutAgent(error.message).join('\n'),
    // A function may have replaced how stacks are made.
    stackTrace: typeof error.stack === 'string' ? withoutAgent(error.stack) : [],
  };
}

function describe(thrown) {
  try {
    if (thrown instanceof Error) return describeError(thrown);
    return { errorType: 'Error', errorMessage: clean(thrown), stackTrace: [] };
  } catch (error) {
    // Its own properties or its toString() throw.
    return { errorType: 'Error', errorMessage: 'the handler threw a value that cannot be shown', stackTrace: [] };
  }
}

function errorFrame(kind, thrown, more) {
  return stringify({ type: 'error', kind, ...describe(thrown), ...more });
}

module.exports = { errorFrame };
