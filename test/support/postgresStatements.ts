/** Single statements to a PostgreSQL server. */
import type { Socket } from 'node:net';
import pg from 'pg';

/** Over a connection of its own. */
export async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

const administrators = new Map<string, Promise<pg.Client>>();

/** Over one connection for all statements of a process, which only keeps the process alive while there is one. */
export async function administer(server: string, statement: string): Promise<void> {
  const connecting = administrators.get(server) ?? connectAdministrator(server);
  administrators.set(server, connecting);
  const client = await connecting;
  const aWhile = setInterval(() => {}, 60_000);
  try {
    await client.query(statement);
  } finally {
    clearInterval(aWhile);
  }
}

async function connectAdministrator(server: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server });
  // Its server may end before this process.
  const forget = () => void administrators.delete(server);
  client.on('error', forget).on('end', forget);
  await client.connect().catch((error) => {
    forget();
    throw error;
  });
  (client.connection.stream as Socket).unref();
  return client;
}
