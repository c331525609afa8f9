'use strict';

// Cannot be loaded.

const missing = require('no-such-module-anywhere');

exports.handle = () => missing;
