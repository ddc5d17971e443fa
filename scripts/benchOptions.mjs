/** What `npm run bench` is told and what it needs. Read before anything is compiled, so that a mistake is said at once. */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/** In the order of a run; what each measures is in bench/cases.ts. */
export const usualCases = [
  'checks',
  'accounts',
  'workers',
  'guard',
  'new-token',
  'jwks',
  'memory',
  'install',
  'effect',
  'subscribers',
  'simulation',
  'login-times',
  'sessions',
  'look-up',
];
/** In two minutes; the others have nothing to leave out. */
export const quickCases = ['checks', 'accounts', 'guard', 'new-token', 'jwks'];
/** Each longer than all others together: only by name. `growth` means both. */
export const longCases = ['ten-million', 'growth'];

const help = `Cases: ${usualCases.join(' ')}; by name only: ${longCases.join(' ')}. Options: --quick, --scale=0.01 (of the data).`;

/** Throws, with one line, for what is no parameter. `scale`: the part of the data that is made, at most 1. */
export function readOptions(parameters) {
  const names = parameters.filter((each) => !each.startsWith('-'));
  const quick = parameters.includes('--quick');
  const scaled = parameters.find((each) => each.startsWith('--scale='));
  const scale = scaled === undefined ? (quick ? 0.1 : 1) : Number(scaled.slice('--scale='.length));
  if (!(scale > 0 && scale <= 1)) throw new Error(`${scaled}: must be above 0 and at most 1.`);
  const known = [...usualCases, ...longCases, '--quick', scaled];
  const unknown = parameters.find((each) => !known.includes(each));
  if (unknown !== undefined) throw new Error(`${unknown}: no such case. ${help}`);
  if (names.length === 0) return { names: quick ? quickCases : usualCases, quick, scale };
  return { names: names.join() === 'growth' ? longCases : names, quick, scale };
}

/** Throws, with what to install, when something that all cases need is missing. */
export function requireTools() {
  if (cpus().length < 2)
    throw new Error('The bench needs two cores: one for what is measured, one for the load.');
  if (spawnSync('taskset', ['--version']).status !== 0)
    throw new Error('The bench needs taskset: apt-get install util-linux');
  for (const core of ['0', '1'])
    if (spawnSync('taskset', ['-c', core, process.execPath, '--version']).status !== 0)
      throw new Error(`The bench may not use core ${core}: allow it the cores 0 and 1.`);
}
