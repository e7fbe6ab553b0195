"use strict";
// One parametrisable server for the tests. Options come as JSON in argv[2]; what it says goes to
// stdout as JSON lines: {"listening": PORT} once, then {"reply": ID, ...} per command.
// Commands come as JSON lines on stdin: {"id": 1, "cmd": "stall", ...}. The end of stdin ends the
// process, so that no server outlives the test that started it.

const fs = require("fs");
const http = require("http");
const https = require("https");
const readline = require("readline");

const options = JSON.parse(process.argv[2] || "{}");
const stats = { connections: 0, upgrades: 0, keepAlives: 0, requests: [], sockets: 0 };
let health = { path: "/health", status: 200, delayMs: 0, absent: false, ...(options.health || {}) };
let auth = options.auth || null;
let refuse = options.allowRequest || null;

const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
const given = (names) =>
  Object.fromEntries(names.filter((n) => options[n] !== undefined).map((n) => [n, options[n]]));

function stall(ms) {
  // A busy event loop, as a blocking computation makes one.
  const end = Date.now() + ms;
  while (Date.now() < end);
}

// ------------------------------------------------------------------ plain HTTP

function answer(req, res) {
  if (options.muteElsewhere) return undefined;
  const path = req.url.split("?")[0];
  if (!health.absent && path === health.path) {
    const body = health.body === undefined ? '{"status":"ok"}' : health.body;
    const type = health.contentType || "application/json";
    const send = () => {
      res.writeHead(health.status, { "content-type": type, ...(health.headers || {}) });
      res.end(body);
    };
    return health.delayMs ? setTimeout(send, health.delayMs) : send();
  }
  if (options.spa) {
    res.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    return res.end('<!doctype html><html><body><div id="root"></div></body></html>');
  }
  return notFound(req, res, path.replace(/[<>&]/g, ""));
}

// How frameworks say that there is no such route, copied from them.
function notFound(req, res, path) {
  const json = (value) => {
    res.writeHead(404, { "content-type": "application/json; charset=utf-8" });
    return res.end(JSON.stringify(value));
  };
  switch (options.notFound) {
    case "fastify":
      return json({
        message: `Route ${req.method}:${req.url} not found`, error: "Not Found", statusCode: 404,
      });
    case "nest":
      return json({ message: `Cannot ${req.method} ${req.url}`, error: "Not Found", statusCode: 404 });
    case "koa":
      res.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
      return res.end("Not Found");
    case "bare":
      res.writeHead(404);
      return res.end();
    default:
      res.writeHead(404, { "x-powered-by": "Express", "content-type": "text/html; charset=utf-8" });
      return res.end(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n' +
          `</head>\n<body>\n<pre>Cannot ${req.method} ${path}</pre>\n</body>\n</html>\n`,
      );
  }
}

const tls = options.tls && {
  key: fs.readFileSync(options.tls.key),
  cert: fs.readFileSync(options.tls.cert),
  ...(options.tls.clientCa
    ? { ca: fs.readFileSync(options.tls.clientCa), requestCert: true, rejectUnauthorized: true }
    : {}),
};
const server =
  options.kind === "h2"
    ? require("http2").createSecureServer(tls, answer)
    : tls
      ? https.createServer(tls, answer)
      : http.createServer(answer);
if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;

const note = (req) => {
  stats.requests.push({ method: req.method, url: req.url, headers: req.headers });
  if (stats.requests.length > 500) stats.requests.shift();
  if (options.stallPerRequestMs) stall(options.stallPerRequestMs);
};
server.on("connection", (socket) => {
  stats.sockets += 1;
  if (options.resetOnAccept) socket.resetAndDestroy();
});

// ------------------------------------------------------------------ Socket.IO 4

function allowRequest(req, decide) {
  if (!refuse) return decide(null, true);
  if (refuse.hang) return undefined;
  if (refuse.upgrades) return decide(refuse.message || null, !req.headers.upgrade);
  const origin = req.headers.origin;
  if (refuse.origins && (origin === undefined || refuse.origins.includes(origin)))
    return decide(null, true);
  if (refuse.origins || refuse.deny) return decide(refuse.message || null, false);
  return decide(null, true);
}

function authenticate(socket, next) {
  if (!auth || (auth.only && auth.only !== socket.conn.transport.name)) return next();
  const refusal = (message, data) => {
    const error = new Error(message);
    if (data !== undefined) error.data = data;
    return error;
  };
  const verdict = () => {
    switch (auth.mode) {
      case "reject":
        return next(refusal(auth.message || "unauthorized", auth.data));
      case "expired":
        return next(refusal(auth.message || "jwt expired", auth.data || { code: "TOKEN_EXPIRED" }));
      case "dependency":
        return next(refusal(auth.message || "connect ECONNREFUSED 127.0.0.1:6379", auth.data));
      case "token":
        return (socket.handshake.auth || {}).token === auth.token
          ? next()
          : next(refusal(auth.message || "unauthorized", auth.data));
      case "hang":
        return undefined;
      default:
        return next();
    }
  };
  return auth.slowMs ? setTimeout(verdict, auth.slowMs) : verdict();
}

let io = null;

function onSocket(socket) {
  stats.connections += 1;
  socket.on("keep-alive", () => (stats.keepAlives += 1));
  socket.on("echo", (value, ack) => typeof ack === "function" && ack(value));
  for (let i = 0; i < (options.greetings || 0); i += 1) {
    socket.emit("greeting", i % 3 ? { number: i, text: "x".repeat(i * 10) } : Buffer.alloc(i, i));
  }
  switch (options.onConnect) {
    case "disconnect":
      return socket.disconnect(false);
    case "close":
      return socket.disconnect(true);
    case "crash":
      return process.exit(1);
    case "newest":
      for (const other of socket.nsp.sockets.values()) if (other !== socket) other.disconnect(true);
      return undefined;
    case "first":
      return socket.nsp.sockets.size > 1 ? socket.disconnect(true) : undefined;
    default:
      if (options.kickAfterMs) setTimeout(() => socket.disconnect(true), options.kickAfterMs);
      if (options.closeAfterMs) setTimeout(() => socket.conn.close(), options.closeAfterMs);
      if (options.crashOnConnectMs) setTimeout(() => process.exit(1), options.crashOnConnectMs);
      if (options.blockOnConnectMs) setImmediate(stall, options.blockOnConnectMs);
      if (options.keepAliveWithinMs) {
        const kick = setTimeout(() => socket.disconnect(true), options.keepAliveWithinMs);
        socket.on("keep-alive", () => kick.refresh());
      }
      return undefined;
  }
}

// socket.io-json-parser: every packet is one JSON text, without the type in front.
class JsonEncoder {
  encode(packet) {
    return [JSON.stringify(packet)];
  }
}
class JsonDecoder extends require("events").EventEmitter {
  add(chunk) {
    const packet = JSON.parse(chunk);
    if (!packet || typeof packet.type !== "number") throw new Error("invalid format");
    this.emit("decoded", packet);
  }
  destroy() {}
}

function startSocketIo() {
  const { Server } = require("socket.io");
  io = new Server(server, {
    ...given([
      "path", "transports", "pingInterval", "pingTimeout", "upgradeTimeout", "connectTimeout",
      "maxHttpBufferSize", "perMessageDeflate", "httpCompression", "allowUpgrades", "allowEIO3",
      "cors", "serveClient", "destroyUpgradeTimeout", "cookie", "connectionStateRecovery",
    ]),
    allowRequest,
    ...(options.jsonParser ? { parser: { Encoder: JsonEncoder, Decoder: JsonDecoder } } : {}),
  });
  if (options.setCookies) {
    io.engine.on("initial_headers", (headers) => (headers["set-cookie"] = options.setCookies));
  }
  if (options.tickEveryMs) setInterval(() => io.emit("tick", Date.now()), options.tickEveryMs);
  io.engine.on("connection", (raw) => {
    if (options.noPings) clearTimeout(raw.pingIntervalTimer);
  });
  for (const name of options.namespaces || ["/"]) {
    io.of(name).use(authenticate);
    io.of(name).on("connection", onSocket);
  }
  if (options.namespaces && !options.namespaces.includes("/")) io.of("/").use(authenticate);
}

function startSocketIo2() {
  const create = require("socket.io-v2");
  io = create(server, given(["path", "transports", "pingInterval", "pingTimeout", "origins"]));
  if (auth) io.use((socket, next) => next(new Error(auth.message || "unauthorized")));
  io.on("connection", onSocket);
}

// ------------------------------------------------------------------ plain ws

function startWs() {
  const { WebSocketServer } = require("ws");
  const wss = new WebSocketServer({
    server,
    ...(options.path ? { path: options.path } : {}),
    ...given(["maxPayload", "perMessageDeflate"]),
  });
  wss.on("connection", (ws) => {
    stats.connections += 1;
    if (options.greeting !== undefined) ws.send(options.greeting);
    if (options.closeCode) ws.close(options.closeCode, options.closeReason || "");
    ws.on("message", (data, binary) => ws.send(data, { binary }));
    ws.on("error", () => undefined);
  });
}

({ "socket.io": startSocketIo, "socket.io-v2": startSocketIo2, ws: startWs, http: () => {}, h2: () => {} })[
  options.kind || "socket.io"
]();

// Engine.IO takes over every listener it finds, so ours come first and last.
server.prependListener("request", note);
// Node answers an upgrade as an ordinary request while nobody listens for it: keep it so.
if (server.listenerCount("upgrade") > 0) {
  server.prependListener("upgrade", (req) => {
    stats.upgrades += 1;
    note(req);
  });
}

// ------------------------------------------------------------------ commands

const commands = {
  stats: () => ({ ...stats, open: io && io.engine ? io.engine.clientsCount : 0 }),
  stall: ({ ms }) => {
    setImmediate(stall, ms); // the reply leaves first
    return {};
  },
  health: ({ id: _id, cmd: _cmd, ...change }) => ((health = { ...health, ...change }), {}),
  auth: ({ value }) => ((auth = value), {}),
  allowRequest: ({ value }) => ((refuse = value), {}),
  disconnectAll: ({ close }) => (io.disconnectSockets(close !== false), {}),
  closeEngines: () => (Object.values(io.engine.clients).forEach((c) => c.close()), {}),
  dropSockets: () => (server.closeAllConnections(), {}),
  emit: ({ event, value }) => (io.emit(event, value), {}),
};

readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const message = JSON.parse(line);
    say({ reply: message.id, ...commands[message.cmd](message) });
  })
  .on("close", () => process.exit(0));

if (options.stallEveryMs) {
  setInterval(() => stall(options.stallMs || options.stallEveryMs), options.stallEveryMs);
}
if (options.crashAfterMs) setTimeout(() => process.exit(1), options.crashAfterMs);

server.on("error", (error) => {
  say({ failed: String(error) });
  process.exit(1);
});
setTimeout(
  () =>
    server.listen(options.port || 0, options.host || "127.0.0.1", options.backlog || 511, () =>
      say({ listening: server.address().port }),
    ),
  options.listenAfterMs || 0,
);
