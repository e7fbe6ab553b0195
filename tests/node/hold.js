"use strict";
// The peer of the bench: socket.io-client 4 as the library has it, many connections in a process.
// argv[2] is JSON {"urls": [URL, …], "ca", "echoMs"}. With "echoMs" every connection asks for an
// acknowledgement that often, expects it within a second, and counts as lost without it.
// Prints JSON lines {"event": "connect" | "lost", "n": INDEX, "at": ms since 1970, "why"}, and
// {"event": "counts", …} for every line on stdin, whose end ends it.

const fs = require("fs");
const readline = require("readline");
const { io } = require("socket.io-client");

const options = JSON.parse(process.argv[2]);
const ca = options.ca ? fs.readFileSync(options.ca) : undefined;
const say = (event, values) =>
  process.stdout.write(JSON.stringify({ event, at: Date.now(), ...values }) + "\n");

let connected = 0;

function hold(url, n) {
  const socket = io(url, { forceNew: true, ca, transports: ["websocket"] });
  let held = false;
  let timer = null;
  const lose = (why) => {
    if (!held) return;
    held = false;
    connected -= 1;
    say("lost", { n, why });
  };
  const echo = () => {
    socket.timeout(1000).emit("echo", n, (error) => {
      if (error) lose("echo");
    });
  };
  socket.on("connect", () => {
    if (held) return;
    held = true;
    connected += 1;
    say("connect", { n });
    if (options.echoMs && timer === null) timer = setInterval(echo, options.echoMs);
  });
  socket.on("disconnect", (why) => {
    lose(why);
    clearInterval(timer);
    timer = null;
  });
}

readline.createInterface({ input: process.stdin })
  .on("line", () => say("counts", { connected }))
  .on("close", () => process.exit(0));
options.urls.forEach(hold);
