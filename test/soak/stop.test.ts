/** How it stops through npm and the process group, under logins, ten times by each signal; and at any moment of a start. */
import t from 'tap';
import { eventually } from '../support/eventually.ts';
import { emails, emptyFolder, folderWithUsers, startMain, stopOften, stopped } from '../support/stopping.ts';

t.setTimeout(400_000);

t.test('one stop, however often it is said, and no login is lost', async (t) => {
  t.setTimeout(400_000);
  await stopOften(t, await folderWithUsers(t, emails), 10);
});

t.test('a first start that is stopped, at any moment, ends with 0 and can be done again', async (t) => {
  const dataDir = await emptyFolder(t);
  const moments = [0, 300, 800, 2_000];
  for (const milliseconds of moments) {
    const started = startMain(t, dataDir);
    await started.waitForOutput(/"msg":"starting"/);
    const began = performance.now();
    await eventually('the moment comes', () => performance.now() - began >= milliseconds);
    started.signal('SIGTERM');
    t.strictSame(await started.exited, stopped, `after ${milliseconds} ms: ${started.stderr()}`);
  }
  const started = startMain(t, dataDir);
  t.ok(await started.waitForOutput(/Countersign is ready/));
});
