'use strict';

// The mode `process`: many calls, each in a process that was started before it. This process runs no user code.

const { BufferedConnection } = require('./buffered');
const { Leftovers } = require('./leftovers');
const { Reception } = require('./reception');
const { Spares } = require('./spares');
const { Temporary } = require('./temporary');

const SIGTERM_STATUS = 128 + 15;

function serve(settings) {
  const temporary = new Temporary(settings.tmp);
  const spares = new Spares(settings, temporary, new Leftovers(settings.alone));
  const end = async () => {
    spares.endAll();
    await temporary.close();
    process.exit(0);
  };
  spares.reception = new Reception(settings, spares, BufferedConnection, end);
  process.on('SIGTERM', () => {
    spares.endAll();
    process.exit(SIGTERM_STATUS);
  });
  spares.reception.listen(settings.channel);
}

module.exports = { serve };
