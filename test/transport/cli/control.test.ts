/** The control socket: who connects and says nothing holds nothing, and takes no place from commands for long. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { askRunning, claimDataFolder } from '../../../src/transport/cli/control.ts';
import { cliLimits } from '../../../src/transport/cli/limits.ts';
import { eventually } from '../../support/eventually.ts';

const folder = await mkdtemp(join(tmpdir(), 'countersign-control-'));
const claim = await claimDataFolder(folder);
t.teardown(async () => {
  await claim.release();
  await rm(folder, { recursive: true });
});
claim.serve(async ({ argv }, output) => {
  output.progress?.('half');
  output.out(argv.join(' '));
  return 0;
});

async function ask(): Promise<{ readonly exit: number | undefined; readonly said: string }> {
  const said: string[] = [];
  const note = (line: string) => void said.push(line);
  const exit = await askRunning(folder, { argv: ['a'], input: undefined }, { out: note, err: note });
  return { exit, said: said.join('\n') };
}

async function say(line: string) {
  // It never closes its own side.
  const socket = connect({ path: join(folder, 'control.sock'), allowHalfOpen: true });
  await once(socket, 'connect');
  t.teardown(() => socket.destroy());
  let said = '';
  socket.on('data', (chunk) => {
    said += chunk;
  });
  socket.write(line);
  return { answer: once(socket, 'end').then(() => said) };
}

t.test('a command is run', async (t) => {
  t.strictSame(await ask(), { exit: 0, said: 'a' });
});

t.test('progress is for those who ask for it: earlier command lines do not know it', async (t) => {
  const request = { argv: ['a'] };
  const without = await say(`${JSON.stringify(request)}\n`);
  t.equal(await without.answer, '{"out":"a"}\n{"exit":0}\n');
  const asking = await say(`${JSON.stringify({ ...request, progress: true })}\n`);
  t.match(await asking.answer, /^{"progress":"half"}\n/);
});

t.test('a line that is too long is refused', async (t) => {
  const { answer } = await say('x'.repeat(cliLimits.controlLineBytes + 1));
  t.match(await answer, /the command is too long/);
});

t.test('more than there may be at once are refused, until the silent ones are over', async (t) => {
  const silent = await Promise.all(Array.from({ length: cliLimits.controlCommands }, () => say('{"argv":')));
  t.match(await ask(), { exit: 1, said: /^More than \d+ commands at once/ });
  const answers = await Promise.all(silent.map(({ answer }) => answer));
  for (const answer of answers) t.match(answer, /did not arrive in time/);
  t.ok(await eventually('there is room again', async () => (await ask()).exit === 0));
});
