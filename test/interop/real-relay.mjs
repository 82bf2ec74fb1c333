// A real relay in a process of its own: @nostr-relay on SQLite, served over ws. real-relay.ts starts it with fork() and sends
// it calls ({ id, verb, argument }); every call is answered ({ id, result } or { id, problem }).
import common from '@nostr-relay/common';
import core from '@nostr-relay/core';
import sqlite from '@nostr-relay/event-repository-sqlite';
import validation from '@nostr-relay/validator';
import { WebSocketServer } from 'ws';

const { createOutgoingClosedMessage, createOutgoingNoticeMessage, createOutgoingOkMessage, LogLevel } = common;
const host = '127.0.0.1';
/** `file`: of the database; `cap`: stored events for a filter without a limit; `auth`: nobody may read or write without AUTH. */
const { file, cap, auth } = JSON.parse(process.argv[2] ?? '{}');
const validator = new validation.Validator();

let port = 0;
let running;

/** Refuses whoever has not authenticated (NIP-42); the relay itself asks for it before direct messages alone. */
const guard = {
  handleMessage: async (context, message, next) => {
    const [verb, subject] = message;
    if (context.pubkey || verb === 'AUTH' || verb === 'CLOSE') return next(context, message);
    const reason = 'auth-required: authenticate first';
    context.sendMessage(
      verb === 'EVENT'
        ? createOutgoingOkMessage(subject.id, false, reason)
        : createOutgoingClosedMessage(subject, reason),
    );
    return undefined;
  },
};

async function start() {
  const repository = new sqlite.EventRepositorySqlite(file, { defaultLimit: cap });
  await repository.init();
  const relay = new core.NostrRelay(repository, {
    logLevel: LogLevel.ERROR,
    // Without this it answers from memory what was asked within the last second, and does not see what came in between.
    filterResultCacheTtl: 0,
    ...(auth ? { hostname: host } : {}),
  });
  if (auth) relay.register(guard);

  const server = new WebSocketServer({ host, port });
  server.on('connection', (socket) => {
    relay.handleConnection(socket, host);
    socket.on('message', async (data) => {
      try {
        await relay.handleMessage(socket, await validator.validateIncomingMessage(data));
      } catch (error) {
        socket.send(JSON.stringify(createOutgoingNoticeMessage(error.message)));
      }
    });
    socket.on('close', () => relay.handleDisconnect(socket));
    socket.on('error', () => socket.terminate());
  });
  await new Promise((done, fail) => server.once('listening', done).once('error', fail));
  port = server.address().port;
  running = { repository, relay, server };
  return port;
}

async function stop() {
  if (!running) return;
  const { repository, relay, server } = running;
  running = undefined;
  const closed = new Promise((done) => server.close(done));
  for (const socket of server.clients) socket.terminate();
  await closed;
  await relay.destroy();
  await repository.destroy();
}

const verbs = {
  start,
  stop,
  drop: () => {
    for (const socket of running.server.clients) socket.terminate();
  },
  /** Puts events into the database, also while the relay is stopped, and sends them to nobody. */
  store: async (events) => {
    const repository = running?.repository ?? new sqlite.EventRepositorySqlite(file);
    for (const event of events) await repository.upsert(event);
    if (!running) await repository.destroy();
  },
  /** What is open. The relay tells nobody how many subscriptions it holds, so this looks inside. */
  counts: () => ({
    connections: running?.server.clients.size ?? 0,
    subscriptions: [...(running?.relay.clientContexts.values() ?? [])].reduce(
      (sum, { subscriptions }) => sum + subscriptions.size,
      0,
    ),
  }),
};

process.on('message', async ({ id, verb, argument }) => {
  try {
    process.send({ id, result: await verbs[verb](argument) });
  } catch (error) {
    process.send({ id, problem: String(error?.stack ?? error) });
  }
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit());
