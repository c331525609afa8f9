// A package from npm, installed when the image is built; an async handler; what is printed is the call's log; a plain
// value is the body.

const { promisify } = require('util');
const slugify = require('slugify');

const sleep = promisify(setTimeout);

exports.handle = async ({ title = 'Über allen Gipfeln' }, context) => {
  console.log('title:', title, '✓');
  console.error('call', context.call_id, 'has', context.remaining_time_ms(), 'ms left');
  await sleep(5);
  return { title, slug: slugify(title, { lower: true }) };
};
