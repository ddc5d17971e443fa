/** In place of bench/caseProcess.ts: cases that go wrong, and one that does not. */
import type { FromCase, OneCase } from '../../bench/runCase.ts';
import { startProcess } from '../support/process.ts';

const { name } = JSON.parse(process.argv[2] ?? '') as OneCase;
const tell = (message: FromCase) => void process.send?.(message);
const row = { yardstick: '1', ours: '2', ratio: '2', reach: '', verdict: '' };

switch (name) {
  case 'good':
    tell({ rows: [{ what: process.env['TMPDIR'] ?? '', ...row }] });
    break;
  case 'throws':
    tell({ failed: 'a thing | of\ntwo lines' });
    break;
  case 'ends':
    throw new TypeError('nobody caught it');
  case 'hangs':
    // Busy, so that it hears nothing; and with a process of its own.
    tell({ line: String(startProcess('sleep', ['1000']).pid) });
    setImmediate(() => {
      for (;;);
    });
}
