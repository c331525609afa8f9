'use strict';

// The memory limit of this container: whom the kernel should kill first, and whether it has killed somebody.

const { readFileSync, writeFileSync } = require('fs');

// cgroup version 2, then version 1. Both have a line "oom_kill <number of kills so far>".
const COUNTERS = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'];

function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    return ''; // the other version has another place
  }
}

// How many processes of this container the kernel has killed so far; 0 where it does not tell.
function oomKills() {
  const [line] = COUNTERS.map((path) => /^oom_kill (\d+)$/m.exec(read(path))).filter(Boolean);
  return line ? Number(line[1]) : 0;
}

// Makes this process and its children the kernel's first choice, however small they are: never the supervisor.
function offerToOomKiller() {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch (error) {
    return; // the kernel then takes the largest process, which is nearly always the handler's as well
  }
}

module.exports = { offerToOomKiller, oomKills };
