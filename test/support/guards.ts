/** Guards for tests: of a scripted authority, closed at the end, and what they make of a token. */
import type { Test } from 'tap';
import { type Guard, type GuardSurroundings, openGuard } from '../../packages/guard/src/guard.ts';
import { GuardError } from '../../packages/guard/src/guardError.ts';
import type { GuardFault } from '../../packages/guard/src/hooks.ts';
import type { GuardOptions } from '../../packages/guard/src/options.ts';
import type { VerifyOptions } from '../../packages/guard/src/verify.ts';
import { eventually } from './eventually.ts';
import {
  type ScriptedAuthority,
  type ScriptedStream,
  serve,
  startScriptedAuthority,
} from './scriptedAuthority.ts';
import { audience } from './tokenForge.ts';

export const serviceToken = `st_${'a'.repeat(43)}`;

export interface GuardOfTest extends Guard {
  readonly faults: readonly GuardFault[];
  readonly leases: readonly boolean[];
}

export function aGuard(
  t: Test,
  authorities: readonly { readonly address: string }[],
  options: Partial<GuardOptions> = {},
  surroundings: GuardSurroundings = {},
): GuardOfTest {
  const faults: GuardFault[] = [];
  const leases: boolean[] = [];
  const guard = openGuard(
    {
      authority: authorities.map(({ address }) => address),
      audience,
      serviceToken,
      hooks: { fault: (fault) => void faults.push(fault), lease: (held) => void leases.push(held) },
      ...options,
    },
    { random: firstOfAll(), ...surroundings },
  );
  t.teardown(() => guard.close());
  return { ...guard, faults, leases };
}

/** The first address first; then as it comes, since waits are random too. */
function firstOfAll(): () => number {
  let asked = false;
  return () => {
    const first = !asked;
    asked = true;
    return first ? 0 : Math.random();
  };
}

export interface Scene {
  readonly authority: ScriptedAuthority;
  readonly guard: GuardOfTest;
  readonly stream: ScriptedStream;
}

export async function anAuthority(t: Test, now = Date.now()): Promise<ScriptedAuthority> {
  const authority = await startScriptedAuthority(now);
  t.teardown(() => authority.stop());
  return authority;
}

/** A guard under a lease. */
export async function aLeasedGuard(
  t: Test,
  {
    options = {},
    surroundings = {},
    serving = {},
    now = Date.now(),
  }: {
    options?: Partial<GuardOptions>;
    surroundings?: GuardSurroundings;
    serving?: Parameters<typeof serve>[2];
    now?: number;
  } = {},
): Promise<Scene> {
  const authority = await anAuthority(t, now);
  const guard = aGuard(t, [authority], options, surroundings);
  const stream = await authority.stream(0);
  serve(stream, authority, serving);
  await guard.ready();
  return { authority, guard, stream };
}

/** `accepted`, or status, code and reason. */
export async function said(
  guard: Guard,
  token: string | undefined,
  options?: VerifyOptions,
): Promise<string> {
  try {
    await guard.verify(token, options);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof GuardError)) throw error;
    return `${error.status} ${error.code} ${error.reason ?? ''}`.trim();
  }
}

export function fault(guard: GuardOfTest, kind: GuardFault['kind']): Promise<GuardFault> {
  return eventually(`a fault: ${kind}`, () => guard.faults.find((each) => each.kind === kind));
}
