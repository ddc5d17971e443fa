/** What can be measured, by name; scripts/benchOptions.mjs says which of them run when none is named. */
import { accountRows } from './accounts.ts';
import { checkRows } from './checks.ts';
import { effectRows } from './effect.ts';
import { growthRows } from './growth/growth.ts';
import { guardRows } from './guard.ts';
import { installRows } from './install.ts';
import { jwksRows } from './jwks.ts';
import { loginRows } from './login.ts';
import { lookUpRows } from './lookUp.ts';
import type { Say } from './main.ts';
import type { Effort, Row } from './measure.ts';
import { memoryRows } from './memory.ts';
import { readingRows } from './reading.ts';
import { sessionRows } from './sessions.ts';
import { simulationRows } from './simulation/simulation.ts';
import { subscriberEffectRows } from './subscriberEffect.ts';
import { tenMillionRows } from './tenMillion.ts';
import { workerRows } from './workers.ts';

export type Case = (effort: Effort, say: Say) => Promise<readonly Row[]>;

export const cases: Readonly<Record<string, Case>> = {
  checks: checkRows,
  accounts: accountRows,
  workers: workerRows,
  guard: guardRows,
  'new-token': readingRows,
  jwks: jwksRows,
  memory: memoryRows,
  install: installRows,
  effect: effectRows,
  subscribers: subscriberEffectRows,
  simulation: simulationRows,
  'login-times': loginRows,
  sessions: sessionRows,
  'look-up': lookUpRows,
  'ten-million': tenMillionRows,
  growth: growthRows,
};
