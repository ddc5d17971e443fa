/**
 * Somebody who reads all of Redis and writes what he likes, but has no key. He hears what nodes say, repeats it and makes up
 * more; he cuts their subscriptions, changes, exchanges and puts back what was saved, and deletes and adds keys.
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { keepDoing } from '../../support/keepDoing.ts';

/** Of rounds of lies; logouts take milliseconds. */
const pace = { everyMs: 20, atOnce: 1 };
const mostHeard = 500;

export interface Liar {
  /** How many messages he has sent. */
  said(): number;
  stop(): Promise<void>;
}

interface Heard {
  readonly channel: string;
  readonly payload: Buffer;
  readonly text: Record<string, unknown>;
}

type Piece = readonly [name: string, bytes: Buffer];

/** `live`: ids of sessions that are logged in. */
export async function startLiar(port: number, live: () => readonly string[]): Promise<Liar> {
  const connect = () => {
    const redis = new Redis(port, { maxRetriesPerRequest: 0 });
    redis.on('error', () => {});
    return redis;
  };
  const [listening, redis] = [connect(), connect()];
  const heard: Heard[] = [];
  const dumps: (readonly Piece[])[] = [];
  let said = 0;

  listening.on('pmessageBuffer', (_: unknown, channel: Buffer, payload: Buffer) => {
    const text = parse(payload.subarray(43).toString());
    if (text === undefined || heard.length >= mostHeard) return;
    heard.push({ channel: channel.toString(), payload, text });
  });
  await listening.psubscribe('countersign:*');
  const prefix = `countersign:{${await redis.get('countersign:deployment')}}`;

  const publish = async (channel: string, payload: string | Buffer) => {
    said += 1;
    await redis.publish(channel, payload);
  };

  /** Whoever announced something is told that everybody knows it, and what comes next. */
  const acknowledge = async () => {
    const nodes = [...new Set(heard.map(({ text }) => String(text['from'])))];
    const announced = new Map(
      heard.filter(({ text }) => text['type'] === 'announcement').map(({ text }) => [text['from'], text]),
    );
    for (const [to, last] of announced) {
      for (const from of nodes.filter((id) => id !== to)) {
        for (let ahead = 0; ahead < 5; ahead += 1) {
          const number = Number(last['number']) + ahead;
          const message = { type: 'acknowledgement', to, from, number, sequence: 1_000_000 + said };
          const text = JSON.stringify({ ...message, history: last['history'] });
          await publish(`${prefix}:acknowledgements:${to}`, codeOf(oneOf(heard)) + text);
        }
      }
    }
    heard.splice(0, Math.max(0, heard.length - mostHeard / 2));
  };

  /** Everybody is told that those are logged out who are not. */
  const announce = async () => {
    const one = oneOf(heard.filter(({ text }) => text['type'] === 'announcement'));
    if (one === undefined) return;
    const revocations = live()
      .slice(0, 20)
      .map((id) => ({
        subject: Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64'),
        reason: 'logout',
        expires_at: Date.now() + 900_000,
      }));
    const text = JSON.stringify({ ...one.text, sequence: 1_000_000 + said, revocations });
    for (const code of [codeOf(one), randomBytes(32).toString('base64url')])
      await publish(`${prefix}:announcements`, code + text);
  };

  const repeat = async () => {
    const one = oneOf(heard);
    if (one === undefined) return;
    await publish(one.channel, one.payload);
    await publish(`${prefix}:announcements`, one.payload.subarray(0, -2));
  };

  const names = async (part: string) => (await redis.keys(`${prefix}:${part}`)) as string[];
  const dump = async () => {
    const pieces = (await names('memory*')).map(
      async (name): Promise<Piece> => [name, (await redis.getBuffer(name)) ?? Buffer.alloc(0)],
    );
    dumps.push(await Promise.all(pieces));
  };

  const tamper = async () => {
    const memory = `${prefix}:memory`;
    const one = oneOf(await names('memory:*'));
    const manifest = (await redis.get(memory)) ?? '';
    const ways = [
      dump,
      async () => void (await redis.del(memory)),
      async () => void (one !== undefined && (await redis.del(one))),
      async () => void (one !== undefined && (await redis.setrange(one, 0, '\0'.repeat(1_000)))),
      async () =>
        void (await redis.set(memory, manifest.replace(/"slices":.*,"marks/, '"slices":[],"marks'))),
      async () => void (await redis.set(memory, manifest.replaceAll(/\d{3,}/g, '999999'))),
      async () => {
        for (const [name, bytes] of oneOf(dumps) ?? []) await redis.set(name, bytes);
      },
    ];
    await oneOf(ways)?.();
  };

  const rummage = async () => {
    const sets = await names('set:*');
    const set = oneOf(sets);
    const ids = live().map((id) => Buffer.from(id.replaceAll('-', ''), 'hex'));
    const ways = [
      async () => void (await redis.del(`${prefix}:manifest`)),
      async () => void (set !== undefined && (await redis.del(set))),
      async () => {
        for (const name of ids.length > 0 ? sets : []) await redis.sadd(name, ...ids);
      },
    ];
    await oneOf(ways)?.();
  };

  let round = 0;
  const lie = async () => {
    // A connection that is lost is made again, and he goes on.
    const lies = [acknowledge, announce, repeat, tamper, ...(round % 10 === 0 ? [rummage] : [])];
    for (const one of lies) await one().catch(() => {});
    if (round % 15 === 0) await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub').catch(() => {});
    round += 1;
  };
  const lying = keepDoing(pace, lie);

  return {
    said: () => said,
    async stop() {
      await lying.stop();
      listening.disconnect();
      redis.disconnect();
    },
  };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // One of his own.
    return undefined;
  }
}

const codeOf = (one: Heard | undefined) => one?.payload.subarray(0, 43).toString() ?? '';

function oneOf<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(Math.random() * list.length)];
}
