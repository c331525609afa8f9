'use strict';

// One connection to a long-lived agent, from the wait for a place to the end of its call.

const { decode } = require('./frames');

// A call's event need not be parsed to know what is to be done with the frame: the worker writes these first.
const CALL = /^.{4}\{\s*"type"\s*:\s*"call"\s*,\s*"id"\s*:\s*"[^"\\]*"\s*,\s*"lifetime_s"\s*:\s*(null|[-+.\deE]+)\s*[,}]/s;
const LONGEST_HEAD = 1024;

// { type, lifetime_s } of a frame. Throws when it is no JSON object.
function headOf(frame) {
  const match = CALL.exec(frame.toString('latin1', 0, LONGEST_HEAD));
  if (match) return { type: 'call', lifetime_s: JSON.parse(match[1]) };
  return Object(decode(frame));
}

// `reception` hears what becomes of it. The place, once it has one, has call(session, frame) and cancel(whenOver).
class Session {
  constructor(connection, reception) {
    this.connection = connection;
    this.reception = reception;
    this.place = null;
    this.call = null; // its frame, until there is a place for it
    this.isReady = false; // the peer has been told
    this.isCalled = false;
    this.isOver = false;
    connection.whenClosed(() => this._lost());
    connection.receive((frame) => this._take(frame));
  }

  // There is a place for its call.
  sit(place) {
    this.place = place;
    if (!this.isReady) this.connection.pass(this.reception.ready);
    this.isReady = true;
    if (this.call) this._begin();
  }

  // The place is gone before it was needed; there will be another.
  stand() {
    this.place = null;
    this.reception.queue(this);
  }

  send(text) {
    this.connection.send(text);
  }

  // The last frame, if there is one.
  end(frame) {
    if (this.isOver) return;
    this.isOver = true;
    if (frame) this.connection.pass(frame);
    this.connection.finish();
    this.reception.callEnded();
  }

  _take(frame) {
    if (this.isOver) return;
    try {
      this._obey(headOf(frame), frame);
    } catch (error) {
      this._lost(); // a protocol error
    }
  }

  _obey(head, frame) {
    if (this.isCalled) this._lost(); // it is `cancel`, or a protocol error
    else if (head.type === 'call') this._accept(frame, head.lifetime_s);
    else if (head.type === 'lifetime') this._setLifetime(head.lifetime_s);
    else this._lost();
  }

  _setLifetime(seconds) {
    this.reception.setLifetime(seconds);
    this._lost();
  }

  _accept(frame, seconds) {
    if (seconds !== null && seconds !== undefined) this.reception.setLifetime(seconds);
    this.isCalled = true;
    this.call = frame;
    this.reception.callBegan();
    if (this.place) this._begin();
  }

  _begin() {
    const frame = this.call;
    this.call = null; // it may be large
    this.place.call(this, frame);
  }

  // The peer has closed, has cancelled, has sent nonsense, or has nothing more to say.
  _lost() {
    if (this.isOver) return;
    this.isOver = true;
    if (this.isCalled && this.place) {
      this.place.cancel(() => this._leave());
      return;
    }
    this._leave();
    this.reception.dismiss(this);
  }

  _leave() {
    this.connection.finish();
    if (this.isCalled) this.reception.callEnded();
  }
}

module.exports = { Session };
