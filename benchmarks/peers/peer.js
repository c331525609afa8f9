'use strict';

// Spawns an interpreter for each call, which loads the handler and prints its result.

const http = require('http');
const { execFile } = require('child_process');

const CALL = "require('/function/index.js').handle({}).then((value) => console.log(JSON.stringify(value)))";

http.createServer((request, response) => {
  request.resume().on('end', () => {
    execFile(process.execPath, ['-e', CALL], (error, answer) => {
      response.writeHead(error ? 500 : 200, { 'Content-Length': Buffer.byteLength(answer) });
      response.end(answer);
    });
  });
}).listen(8080);
