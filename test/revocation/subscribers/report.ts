/** A run of subscribers in one line, and what of it is not as promised. */
import type { Cluster } from '../../support/cluster.ts';
import type { SubscriberRunResult } from './subscriberRun.ts';

const columns: readonly [title: string, value: (result: SubscriberRunResult) => string][] = [
  ['   checks', ({ checks }) => String(checks)],
  ['logouts', ({ acknowledged }) => String(acknowledged)],
  ['not in effect', ({ notInEffect }) => String(notInEffect.length)],
  ['wrongly revoked', ({ wronglyRevoked }) => String(wronglyRevoked.length)],
  ['unavailable', ({ unavailable }) => `${(unavailable * 100).toFixed(2)} %`],
  ['effect p50', ({ effectMs }) => `${effectMs.p50.toFixed(1)} ms`],
  ['effect p99', ({ effectMs }) => `${effectMs.p99.toFixed(1)} ms`],
  ['longest answer', ({ longestAnswerMs }) => `${longestAnswerMs.toFixed(0)} ms`],
];

const nameWidth = 24;

export function heading(): string {
  return ['subscribers'.padEnd(nameWidth), ...columns.map(([title]) => title)].join('  ');
}

export function row(name: string, result: SubscriberRunResult): string {
  const cells = columns.map(([title, value]) => value(result).padStart(title.length));
  return [name.padEnd(nameWidth), ...cells].join('  ');
}

/** Every broken promise in words; none when all were kept. An acknowledgement may take a lease and a second (I3). */
export function brokenPromises(
  result: SubscriberRunResult,
  { leaseMilliseconds }: Cluster,
): readonly string[] {
  const { notInEffect, wronglyRevoked, unexpected, longestAnswerMs } = result;
  const longestMs = leaseMilliseconds + 1_000;
  return [
    ...notInEffect.map((what) => `I1, not in effect: ${what}`),
    ...(longestAnswerMs <= longestMs
      ? []
      : [`I3, a logout took ${Math.round(longestAnswerMs)} ms, ${longestMs} at most`]),
    ...wronglyRevoked.map((what) => `I4, wrongly revoked: ${what}`),
    ...unexpected.map((what) => `unexpected: ${what}`),
  ];
}
