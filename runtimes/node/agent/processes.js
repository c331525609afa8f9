'use strict';

// The processes that there are, from /proc.

const { readdirSync, readFileSync } = require('fs');

function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch (error) {
    return ''; // it has ended, or belongs to somebody else
  }
}

// Its fields from the third on (man 5 proc); the second one, a name in parentheses, may contain anything.
function parse(pid, stat) {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, state: fields[0], parent: Number(fields[1]), session: Number(fields[3]), started: Number(fields[19]) };
}

function isAlive(found) {
  return found.state !== 'Z' && found.state !== 'X';
}

// A Map by pid, without zombies: nobody can do more about these, and init reaps them.
function table() {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => [Number(pid), read(pid, 'stat')])
    .filter(([, stat]) => stat !== '')
    .map(([pid, stat]) => parse(pid, stat))
    .filter(isAlive);
  return new Map(found.map((one) => [one.pid, one]));
}

// When it has been started, in ticks since the machine was.
function startOf(pid) {
  return parse(pid, read(pid, 'stat')).started;
}

// The variable of the environment that the process was started with; undefined when it has none.
function variable(pid, name) {
  const line = read(pid, 'environ').split('\0').find((entry) => entry.startsWith(`${name}=`));
  return line && line.slice(name.length + 1);
}

module.exports = { startOf, table, variable };
