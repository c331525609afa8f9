'use strict';

// Finds and loads the handler: `lib/index.handle` is the export `handle` of lib/index.js, .mjs or .cjs.

const fs = require('fs');
const path = require('path');

const EXTENSIONS = ['.js', '.mjs', '.cjs'];
const NEEDS_IMPORT = ['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE'];

class HandlerError extends Error {}

function splitNotation(notation) {
  const dot = notation.lastIndexOf('.');
  if (dot <= 0 || dot === notation.length - 1) {
    throw new HandlerError(`the handler "${notation}" is not of the form file.export, such as index.handle`);
  }
  return { module: notation.slice(0, dot), name: notation.slice(dot + 1) };
}

function findFile(module) {
  const base = path.resolve(module);
  const extension = EXTENSIONS.find((candidate) => fs.existsSync(base + candidate));
  if (extension === undefined) {
    throw new HandlerError(`the package has no file ${module}.js (nor .mjs or .cjs)`);
  }
  return base + extension;
}

// Files and versions of Node differ in what require() can load; the error says when it is a matter for import().
async function loadModule(file) {
  try {
    return require(file);
  } catch (error) {
    if (!NEEDS_IMPORT.includes(error.code)) throw error;
    return import(require('url').pathToFileURL(file).href);
  }
}

function exportsList(exported) {
  const names = Object.keys(Object(exported));
  return names.length > 0 ? `its exports are: ${names.join(', ')}` : 'it exports nothing';
}

function pick(exported, name, file) {
  const owner = [exported, Object(exported).default].find((candidate) => name in Object(candidate));
  const label = path.relative('', file);
  if (owner === undefined) throw new HandlerError(`${label} has no export "${name}"; ${exportsList(exported)}`);
  if (typeof owner[name] !== 'function') {
    throw new HandlerError(`the export "${name}" of ${label} is of type ${typeof owner[name]}, not a function`);
  }
  return (event, context) => owner[name](event, context);
}

// A function of event and context. Rejects with what loading threw, completed by the place of a syntax error.
async function loadHandler(notation) {
  const { module, name } = splitNotation(notation);
  const file = findFile(module);
  try {
    return pick(await loadModule(file), name, file);
  } catch (error) {
    if (error instanceof SyntaxError) require('./syntax').addPlace(error, file);
    throw error;
  }
}

module.exports = { loadHandler };
