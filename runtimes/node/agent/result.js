'use strict';

// The handler's value as JSON text. JSON.stringify's rules, but a value that is no JSON is refused where JSON.stringify
// would replace it or leave it out.

const { stringify } = JSON;

const LONE_SURROGATE = /\p{Surrogate}/u; // with the u flag, pairs are one character and do not match
const NOT_JSON = ['bigint', 'function', 'symbol'];

class ResultTooLarge extends Error {}

function refuse(what, key) {
  throw new TypeError(key === '' ? `the result is ${what}` : `the result contains ${what} at "${key}"`);
}

function checkString(text, key) {
  if (LONE_SURROGATE.test(text)) refuse('a string with a lone surrogate, which is not UTF-8', key);
}

function checkNumber(number, key) {
  if (!Number.isFinite(number)) refuse(`the number ${number}, which JSON does not have`, key);
}

// A Buffer has a toJSON, so only its holder still knows that it was one.
function isBytes(value, holder, key) {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return true;
  return value.type === 'Buffer' && ArrayBuffer.isView(holder[key]);
}

function checkObject(value, holder, key) {
  if (value instanceof Number) checkNumber(value.valueOf(), key);
  else if (value instanceof String) checkString(value.valueOf(), key);
  else if (isBytes(value, holder, key)) refuse('bytes; encode them, as base64 for example', key);
}

// A replacer for JSON.stringify: `value` is what toJSON gave, `this[key]` what it was before.
function checked(key, value) {
  checkString(key, key);
  const type = typeof value;
  if (type === 'string') checkString(value, key);
  else if (type === 'number') checkNumber(value, key);
  else if (type === 'object' && value !== null) checkObject(value, this, key);
  else if (NOT_JSON.includes(type)) refuse(`a ${type}, which JSON does not have`, key);
  return value;
}

// Throws TypeError, ResultTooLarge, or what the value's own toJSON throws. `limit` is in bytes of UTF-8.
function serialise(value, limit) {
  const text = stringify(value, checked) || 'null'; // undefined has no text
  const size = Buffer.byteLength(text);
  if (size > limit) throw new ResultTooLarge(`the result has ${size} bytes of JSON; the limit is ${limit}`);
  return text;
}

module.exports = { serialise };
