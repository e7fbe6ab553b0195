"use strict";
// How long socket.io-client takes to connect, polling first as it does by default: argv[2] is JSON
// {"url", "ca", "times"}; prints one JSON line with the milliseconds of each fresh connection.

const fs = require("fs");
const { io } = require("socket.io-client");

const options = JSON.parse(process.argv[2]);
const ca = options.ca ? fs.readFileSync(options.ca) : undefined;

function connect() {
  return new Promise((resolve, reject) => {
    const begun = process.hrtime.bigint();
    const socket = io(options.url, { forceNew: true, reconnection: false, timeout: 20000, ca });
    socket.on("connect", () => {
      const took = Number(process.hrtime.bigint() - begun) / 1e6;
      // Let the upgrade finish, or its half of the connection is torn down noisily.
      setTimeout(() => (socket.disconnect(), resolve(took)), 1000);
    });
    socket.on("connect_error", reject);
  });
}

(async () => {
  const took = [];
  for (let i = 0; i < options.times; i += 1) took.push(await connect());
  process.stdout.write(JSON.stringify(took) + "\n");
  process.exit(0);
})().catch((error) => {
  process.stderr.write(`${error && error.stack}\n`);
  process.exit(1);
});
