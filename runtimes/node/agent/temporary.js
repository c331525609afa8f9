'use strict';

// The folder of temporary files: a folder of its own for each call, and what calls leave outside of theirs.

const fs = require('fs');
const path = require('path');

const { chmod, lstat, readdir, rmdir, unlink } = fs.promises;

// Whatever it is. What cannot be removed stays.
async function removeTree(file) {
  try {
    if (!(await lstat(file)).isDirectory()) {
      await unlink(file);
      return;
    }
    await chmod(file, 0o700);
    for (const name of await readdir(file)) await removeTree(path.join(file, name));
    await rmdir(file);
  } catch (error) {
    return; // gone, or not ours
  }
}

function entries(folder) {
  try {
    return fs.readdirSync(folder, { withFileTypes: true }).map((entry) => ({
      file: path.join(folder, entry.name),
      isFolder: entry.isDirectory(),
    }));
  } catch (error) {
    return [];
  }
}

function filesBelow(folder) {
  return entries(folder).reduce(
    (files, { file, isFolder }) => files.concat(file, isFolder ? filesBelow(file) : []), []
  );
}

function move(files, aside) {
  files.forEach((file, number) => {
    try {
      fs.renameSync(file, path.join(aside, String(number)));
    } catch (error) {
      return; // the next time
    }
  });
}

// Without a folder calls get none, and nothing is wiped.
class Temporary {
  constructor(folder) {
    this.folder = folder;
    this.count = 0;
    this.ours = new Set();
    this.kept = null;
  }

  // A folder for one call; empty text when there is no place for it.
  make(name = 'call') {
    if (!this.folder) return '';
    this.count += 1;
    const made = path.join(this.folder, `${name}-${process.pid}-${this.count}`);
    try {
      fs.mkdirSync(made, 0o700);
    } catch (error) {
      return '';
    }
    this.ours.add(made);
    return made;
  }

  async remove(made) {
    if (!made) return;
    await removeTree(made);
    this.ours.delete(made);
  }

  // The handler has been loaded for the first time: what is there now belongs to every call.
  keepWhatIsThere() {
    if (this.folder && !this.kept) this.kept = new Set(filesBelow(this.folder));
  }

  // Moved out of the way at once: the next call must not lose a file that it has written under the name of an old one.
  async wipeStrays() {
    const strays = this.kept ? this._strays(this.folder) : [];
    if (strays.length === 0) return;
    const aside = this.make('wiped');
    if (aside) move(strays, aside);
    for (const file of aside ? [aside] : strays) await removeTree(file); // without a place for it: where they are
    this.ours.delete(aside);
  }

  // The agent ends, and nothing of a call stays.
  async close() {
    await this.wipeStrays();
    for (const made of this.ours) await this.remove(made);
  }

  _strays(folder) {
    return entries(folder).reduce((strays, { file, isFolder }) => {
      if (this.ours.has(file)) return strays;
      if (!this.kept.has(file)) return strays.concat(file);
      return isFolder ? strays.concat(this._strays(file)) : strays;
    }, []);
  }
}

module.exports = { Temporary };
