'use strict';

// Connections that never wait: what the peer does not take at once is kept for it. One call's logs and its last frame
// are of limited size, and so is what is kept.

const { Connection } = require('./connection');

class BufferedConnection extends Connection {
  pass(frame) {
    if (this.open) this.socket.write(frame);
  }

  finish() {
    this.socket.end(() => this.close()); // not when the peer closes, which may take its time
  }
}

module.exports = { BufferedConnection };
