"use strict";
// Many backends in one process, for the bench: a Socket.IO server of its own on every port, all
// options as the library has them. argv[2] is JSON {"ports": [0, …], "host", "tls": {"key", "cert"}};
// prints {"listening": [PORT, …]} once and ends with stdin.

const fs = require("fs");
const http = require("http");
const https = require("https");
const { Server } = require("socket.io");

const options = JSON.parse(process.argv[2]);
const tls = options.tls && {
  key: fs.readFileSync(options.tls.key),
  cert: fs.readFileSync(options.tls.cert),
};

function answer(req, res) {
  const healthy = req.url.split("?")[0] === "/health";
  res.writeHead(healthy ? 200 : 404, { "content-type": "application/json" });
  res.end(healthy ? '{"status":"ok"}' : "{}");
}

function listen(port) {
  const server = tls ? https.createServer(tls, answer) : http.createServer(answer);
  const io = new Server(server, { cors: { origin: "*" } });
  io.on("connection", (socket) => {
    socket.on("echo", (value, ack) => typeof ack === "function" && ack(value));
    socket.on("keep-alive", () => undefined);
  });
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(port, options.host || "127.0.0.1", 4096, () => resolve(server.address().port));
  });
}

process.stdin.on("end", () => process.exit(0)).resume();
Promise.all(options.ports.map(listen)).then(
  (ports) => process.stdout.write(JSON.stringify({ listening: ports }) + "\n"),
  (error) => {
    process.stderr.write(`${error && error.stack}\n`);
    process.exit(1);
  },
);
