/** A run in one line, and what of it is not as promised. */
import { acknowledgementMs, type FaultResult } from './faultRun.ts';

const columns: readonly [title: string, value: (result: FaultResult) => string][] = [
  ['checks', ({ checks }) => String(checks)],
  ['acknowledged', ({ acknowledged }) => String(acknowledged)],
  ['not in effect', ({ notInEffect }) => String(notInEffect.length)],
  ['lost', ({ lost }) => String(lost.length)],
  ['wrongly revoked', ({ wronglyRevoked }) => String(wronglyRevoked.length)],
  ['longest logout', ({ longestAcknowledgementMs }) => `${Math.round(longestAcknowledgementMs)} ms`],
  ['unavailable', ({ unavailable }) => `${(unavailable * 100).toFixed(1)} %`],
  ['recovery', ({ recoveryMs }) => (recoveryMs === undefined ? 'none' : `${Math.round(recoveryMs)} ms`)],
];

const nameWidth = 46;

export function heading(): string {
  return ['fault'.padEnd(nameWidth), ...columns.map(([title]) => title)].join('  ');
}

export function row(name: string, result: FaultResult): string {
  const cells = columns.map(([title, value]) => value(result).padStart(title.length));
  return [name.padEnd(nameWidth), ...cells].join('  ');
}

/** Every broken promise in words; none when all were kept. */
export function brokenPromises(result: FaultResult): readonly string[] {
  const { notInEffect, lost, wronglyRevoked, unexpected, longestAcknowledgementMs, recoveryMs } = result;
  const broken = [
    ...notInEffect.map((what) => `I1, not in effect: ${what}`),
    ...lost.map((what) => `I2, lost: ${what}`),
    ...(longestAcknowledgementMs <= acknowledgementMs
      ? []
      : [`I3, a logout took ${Math.round(longestAcknowledgementMs)} ms, ${acknowledgementMs} at most`]),
    ...wronglyRevoked.map((what) => `I4, wrongly revoked: ${what}`),
    ...unexpected.map((what) => `unexpected: ${what}`),
    ...(recoveryMs === undefined ? ['it did not recover'] : []),
  ];
  return broken.length === 0 ? [] : [...broken, ...result.notes.map((what) => `it was: ${what}`)];
}
