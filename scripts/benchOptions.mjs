/** What `npm run bench` is told and what it needs. Read before anything is compiled, so that a mistake is said at once. */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/** In the order of a run; what each measures is in bench/main.ts. */
export const usualCases = [
  'checks',
  'ten-million',
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
/** Longer than all others together: only by name. */
export const longCases = ['growth'];

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
  return { names: names.length > 0 ? names : quick ? quickCases : usualCases, quick, scale };
}

/** Throws, with what to install, when something that all cases need is missing. */
export function requireTools() {
  if (cpus().length < 2)
    throw new Error('The bench needs two cores: one for what is measured, one for the load.');
  if (spawnSync('taskset', ['--version']).status !== 0)
    throw new Error('The bench needs taskset: apt-get install util-linux');
}
