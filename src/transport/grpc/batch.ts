/** Many questions in one call: answered in order, and a failed one fails alone. */

import type { Clock } from '@countersign/verifier/clock';
import type { Failure } from '@countersign/verifier/contract/generated/countersign/v1/Failure';
import { AuthorityError } from '@countersign/verifier/errors';
import { toFailure } from './status.ts';

export type AnswerOne<Question, Answer> = (question: Question) => Answer | Promise<Answer>;

/** For expensive questions: others get a turn after every `size`. */
interface Turns {
  readonly size: number;
  readonly isAbandoned: () => boolean;
}

/**
 * `failed`: extra members of a failed question's answer. `onFailure` gets the first failure that is not the caller's fault: an
 * outage fails all, and one log line is enough.
 */
export type Batch = <Question, Answer extends object>(
  questions: readonly Question[],
  answerOne: AnswerOne<Question, Answer>,
  failed: Answer,
  onFailure: (error: unknown) => void,
  turns?: Turns,
) => Promise<Answer[]>;

export function createBatch(clock: Pick<Clock, 'after'>): Batch {
  return async (questions, answerOne, failed, onFailure, turns) => {
    let told = false;
    const fail = (error: unknown): typeof failed & { failure: Failure } => {
      if (!told && !(error instanceof AuthorityError && error.code === 'invalid_request')) {
        told = true;
        onFailure(error);
      }
      return { ...failed, failure: toFailure(error) };
    };
    const size = turns?.size ?? questions.length;
    const answers: (typeof failed)[] = [];
    for (let start = 0; start < questions.length; start += size) {
      if (start > 0) await turn(clock);
      if (turns?.isAbandoned()) break;
      answers.push(...(await answerAll(questions.slice(start, start + size), answerOne, fail)));
    }
    return answers;
  };
}

/** Avoids a promise per question: nearly all are answered at once. */
async function answerAll<Question, Answer>(
  questions: readonly Question[],
  answerOne: AnswerOne<Question, Answer>,
  fail: (error: unknown) => Answer,
): Promise<readonly Answer[]> {
  let waits = false;
  const answers = questions.map((question) => {
    try {
      const answer = answerOne(question);
      if (!(answer instanceof Promise)) return answer;
      waits = true;
      return answer.catch(fail);
    } catch (error) {
      return fail(error);
    }
  });
  return waits ? Promise.all(answers) : (answers as Answer[]);
}

function turn(clock: Pick<Clock, 'after'>): Promise<void> {
  return new Promise((resolve) => {
    clock.after(0, resolve);
  });
}
