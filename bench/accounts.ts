/** What a refresh, a logout and a login cost the authority itself, 32 at once, over HTTP as clients send them. */
import { password } from '../test/support/authority.ts';
import type { SeededSession } from '../test/support/seededSessions.ts';
import { anId } from './checkLoad.ts';
import { type Child, startChild } from './load/child.ts';
import { type HttpAnswer, type HttpRequest, openHttpLoad } from './load/httpLoad.ts';
import { measuredCore, pin } from './load/processes.ts';
import type { Say } from './main.ts';
import { budgetRow, costsOf, cpuRow, type Effort, type Loaded, mostWarmUps, type Row } from './measure.ts';
import { startWhole, type WholeAuthority } from './wholeAuthority.ts';

const connections = 32;
const refreshing = 1_000;
const loggingIn = 200;
const logoutsOfRound = 500;
const headers = {
  'content-type': 'application/json',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
};

export async function accountRows(effort: Effort, say: Say): Promise<readonly Row[]> {
  const endingSessions = logoutsOfRound * (effort.rounds + mostWarmUps);
  const authority = await startWhole({ sessions: refreshing + endingSessions, revocations: 0 }, say);
  const bare = startChild(new URL('bareArgon2.js', import.meta.url));
  try {
    await bare.next();
    await pin(bare.pid, measuredCore);
    say('calling each in turn');
    const { sessions } = authority;
    const costs = await costsOf(
      {
        refresh: refreshes(authority, sessions.slice(0, refreshing)),
        logout: logouts(authority, sessions.slice(refreshing)),
        argon2: { pid: bare.pid, run: (milliseconds) => hashes(bare, milliseconds) },
        login: logins(authority, sessions.slice(0, loggingIn)),
      },
      effort,
    );
    say('checking while users log in');
    const patience = await patienceRow(authority, logins(authority, sessions.slice(0, loggingIn)), effort);
    return [
      budgetRow('refresh, 32 at once', costs.refresh, 1_000),
      budgetRow('logout, 32 at once', costs.logout, 800),
      cpuRow('login, 32 at once', { ...costs.argon2, name: 'bare argon2' }, costs.login, 1.1),
      patience,
    ];
  } finally {
    bare.kill();
    await authority.stop();
  }
}

/** Logins wait for each other, and no check for them: the loop shares its core with as many hashes as there may be at once. */
async function patienceRow({ node }: WholeAuthority, loggingIn: Loaded, effort: Effort): Promise<Row> {
  const p99 = async (milliseconds: number) => {
    const until = performance.now() + milliseconds;
    const took: number[] = [];
    while (performance.now() < until) {
      const started = performance.now();
      await node.grpc.isRevoked(anId());
      took.push(performance.now() - started);
    }
    return took.toSorted((one, other) => one - other)[Math.floor(took.length * 0.99)] ?? Number.NaN;
  };
  const milliseconds = 2 * effort.milliseconds;
  const alone = await p99(milliseconds);
  const [busy] = await Promise.all([p99(milliseconds), loggingIn.run(milliseconds)]);
  return {
    what: 'IsRevoked while 32 log in, on one core, p99',
    yardstick: `${alone.toFixed(2)} ms (nobody logs in)`,
    ours: `${busy.toFixed(2)} ms`,
    ratio: (busy / alone).toFixed(1),
    reach: 'for information',
    verdict: '',
  };
}

function loadOf(
  { node, httpPort: port }: WholeAuthority,
  next: () => HttpRequest | undefined,
  onAnswer: (answer: HttpAnswer, request: HttpRequest) => void,
): Loaded {
  const load = openHttpLoad({ port, connections, next, onAnswer });
  return { pid: node.pid, run: load.run };
}

function post(path: string, body: unknown): HttpRequest {
  return { method: 'POST', path, headers, body: JSON.stringify(body) };
}

function refreshes(authority: WholeAuthority, sessions: readonly SeededSession[]): Loaded {
  const tokens = sessions.map(({ refreshToken }) => refreshToken);
  return loadOf(
    authority,
    () => post('/auth/refresh', { refresh_token: tokens.shift() }),
    ({ status, body }) => {
      const next = /"refresh_token":"([^"]+)"/.exec(body)?.[1];
      if (status !== 200 || next === undefined) throw new Error(`refresh answered ${status}: ${body}`);
      tokens.push(next);
    },
  );
}

/** A round is over when its sessions are: each can be logged out once. */
function logouts(authority: WholeAuthority, sessions: readonly SeededSession[]): Loaded {
  const left = [...sessions];
  let ofRound = 0;
  const load = loadOf(
    authority,
    () => {
      const session = ofRound > 0 ? left.pop() : undefined;
      ofRound -= 1;
      return session && post('/auth/logout', { refresh_token: session.refreshToken });
    },
    ({ status, body }) => {
      if (status !== 204) throw new Error(`logout answered ${status}: ${body}`);
    },
  );
  return {
    pid: load.pid,
    run(milliseconds) {
      ofRound = logoutsOfRound;
      return load.run(milliseconds);
    },
  };
}

function logins(authority: WholeAuthority, sessions: readonly SeededSession[]): Loaded {
  let turn = 0;
  return loadOf(
    authority,
    () => post('/auth/login', { email: sessions[turn++ % sessions.length]?.email, password }),
    ({ status, body }) => {
      if (status !== 200) throw new Error(`login answered ${status}: ${body}`);
    },
  );
}

async function hashes(bare: Child, milliseconds: number): Promise<number> {
  const count = bare.next<number>();
  bare.send(milliseconds);
  return count;
}
