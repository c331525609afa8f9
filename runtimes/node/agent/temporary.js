'use strict';

// The folder of temporary files: a folder of its own for each call, and what calls leave outside of theirs.
// Paths are bytes, each a letter of latin1: the names that calls give need not be UTF-8.

const fs = require('fs');

const { readdir, rmdir, unlink } = fs.promises;

const LISTING = { encoding: 'latin1', withFileTypes: true };

function bytes(file) {
  return Buffer.from(file, 'latin1');
}

function entries(folder) {
  try {
    return fs.readdirSync(bytes(folder), LISTING).map((entry) => ({
      file: `${folder}/${entry.name}`,
      isFolder: entry.isDirectory(),
    }));
  } catch (error) {
    return [];
  }
}

// All files in a folder, and in those below of which `isEntered` says so.
function walk(folder, isEntered) {
  const found = [];
  for (const folders = [folder]; folders.length > 0; ) {
    for (const { file, isFolder } of entries(folders.pop())) {
      found.push(file);
      if (isFolder && isEntered(file)) folders.push(file);
    }
  }
  return found;
}

// A folder that its owner may not write in cannot be moved.
function move(file, to) {
  if (fs.lstatSync(bytes(file)).isDirectory()) fs.chmodSync(bytes(file), 0o700);
  fs.renameSync(bytes(file), bytes(to));
}

// False for a folder.
async function removeFile(file) {
  try {
    await unlink(bytes(file));
    return true;
  } catch (error) {
    return error.code !== 'EISDIR'; // else it is gone, or not ours
  }
}

// Without a folder calls get none, and nothing is wiped.
class Temporary {
  constructor(folder) {
    this.folder = folder;
    this.ours = new Set(); // the folders of calls, and what is being removed
    this.kept = null;
  }

  // A folder for one call; empty text when there is no place for it.
  make() {
    if (!this.folder) return '';
    const made = this._name('call');
    try {
      fs.mkdirSync(made, 0o700);
    } catch (error) {
      return '';
    }
    this.ours.add(made);
    return made;
  }

  // Folders below are moved up and then removed in turn: however deep a call has built, no path is too long, and nothing
  // recurs. What cannot be removed stays.
  async remove(made) {
    const folders = made && !(await removeFile(made)) ? [made] : [];
    while (folders.length > 0) await this._removeFolder(folders.pop(), folders);
    this.ours.delete(made);
  }

  // The handler has been loaded for the first time: what is there now belongs to every call.
  keepWhatIsThere() {
    if (!this.folder || this.kept) return;
    const isTheirs = (file) => !this.ours.has(file);
    this.kept = new Set(walk(this.folder, isTheirs).filter(isTheirs));
  }

  // Moved out of the way at once: the next call must not lose a file that it has written under the name of an old one.
  async wipeStrays() {
    for (const file of this._strays().map((stray) => this._moveAside(stray))) await this.remove(file);
  }

  // The agent ends, and nothing of a call stays.
  async close() {
    await this.wipeStrays();
    for (const made of this.ours) await this.remove(made);
  }

  _strays() {
    if (!this.kept) return [];
    return walk(this.folder, (file) => this.kept.has(file)).filter(
      (file) => !this.kept.has(file) && !this.ours.has(file)
    );
  }

  // Adds the folders that it held to `others`.
  async _removeFolder(folder, others) {
    try {
      fs.chmodSync(bytes(folder), 0o700);
      for (const entry of await readdir(bytes(folder), LISTING)) {
        const file = `${folder}/${entry.name}`;
        if (entry.isDirectory()) others.push(this._moveAside(file));
        else await removeFile(file);
      }
      await rmdir(bytes(folder));
    } catch (error) {
      // gone, or not ours
    }
    this.ours.delete(folder);
  }

  // Where it is now; empty text when it cannot be moved.
  _moveAside(file) {
    const aside = this._name('wiped');
    try {
      move(file, aside);
    } catch (error) {
      return ''; // the next time
    }
    this.ours.add(aside);
    return aside;
  }

  // That no call can have taken.
  _name(kind) {
    return `${this.folder}/${kind}-${Math.random().toString(36).slice(2)}`;
  }
}

module.exports = { Temporary };
