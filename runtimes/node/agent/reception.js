'use strict';

// Whoever connects to a long-lived agent: gives out the places, in turn, and ends the agent when its lifetime is over.
// Where calls run is the business of `places`: Spares or Shared.

const { listen } = require('./connection');
const { ready } = require('./frames');
const { Lifetime } = require('./lifetime');
const { Session } = require('./session');

const { clearTimeout, setImmediate, setTimeout } = global; // a function that shares the process may replace them

const GRACE_MS = 5000; // for whoever has its `ready` and has not called when the lifetime is over

// After everything that has happened by now has been heard of.
function afterTurn(callback) {
  setImmediate(() => setImmediate(callback));
}

class Reception {
  // `places` has load(), take(session), giveBack(place), want(number) and retire(). `end` is called when nobody is left.
  constructor(settings, places, Connection, end) {
    this.places = places;
    this.Connection = Connection;
    this.end = () => {
      this.end = () => {};
      end();
    };
    this.ready = ready(settings.runtime);
    this.waiting = [];
    this.sessions = new Set();
    this.accepted = 0; // so far
    this.grace = null;
    this.server = null;
    this.lifetime = new Lifetime(settings.lifetime, () => this._stopListening());
  }

  listen(channel, onListening) {
    this.server = listen(channel, (socket) => this._accept(socket), () => {
      this.server.on('error', () => this._failToAccept());
      if (onListening) onListening();
    });
  }

  // Places have become free, or are new.
  seat() {
    while (this.waiting.length > 0) {
      const place = this.places.take(this.waiting[0]);
      if (!place) break;
      this.waiting.shift().sit(place);
    }
    this.places.want(this.waiting.length);
    this._look();
  }

  queue(session) {
    this.waiting.push(session);
    this.seat();
  }

  // The session ends, and has not used its place.
  dismiss(session) {
    this.waiting = this.waiting.filter((other) => other !== session);
    if (session.place) this.places.giveBack(session.place);
    this.seat();
  }

  callBegan() {
    this.lifetime.callBegan();
  }

  callEnded() {
    this.lifetime.callEnded();
    this._look();
  }

  setLifetime(seconds) {
    this.lifetime.set(seconds);
  }

  // Serves whoever is here, and ends.
  drain() {
    this.lifetime.set(0);
  }

  _accept(socket) {
    this.accepted += 1;
    this.places.load();
    const connection = new this.Connection(socket);
    const session = new Session(connection, this);
    this.sessions.add(session);
    connection.whenClosed(() => {
      this.sessions.delete(session);
      this._look();
    });
    this.queue(session);
  }

  // No descriptors, and libuv has lost the one that it keeps for this case: it would try again without end.
  _failToAccept() {
    this.drain();
    this._close();
  }

  // Whoever has connected by now is accepted before. Newer versions of Node accept one in each turn of the event loop.
  _stopListening() {
    const before = this.accepted;
    afterTurn(() => {
      if (this.accepted > before) this._stopListening();
      else this._close();
    });
  }

  _close() {
    this.server.close();
    this.places.retire();
    this._look();
  }

  // Whether it is time to end: not as long as somebody has called or waits for a place.
  _look() {
    if (!this.lifetime.isOver || this.server.listening) return;
    clearTimeout(this.grace);
    if (this.sessions.size === 0) this.end();
    else if (this.lifetime.calls === 0 && this.waiting.length === 0) this.grace = setTimeout(() => this.end(), GRACE_MS);
  }
}

module.exports = { Reception };
