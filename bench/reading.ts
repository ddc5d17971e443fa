/** Reading a token that is new: the whole flow of an introspection in this process, beside the bare signature check. */
import { verify } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { filledDenyList } from './denyList.ts';
import type { Say } from './main.ts';
import { atLeast, type Effort, pairedRates, perSecond, type Row, scaled } from './measure.ts';
import { openSignedTokens } from './signedTokens.ts';

const tokensOfRound = 10_000;

export async function readingRows(effort: Effort, say: Say): Promise<readonly Row[]> {
  const revocations = scaled(1_000_000, effort);
  say(`filling a deny-list with ${revocations.toLocaleString('en')}`);
  const { introspect, issue, keyRing } = await openSignedTokens(await filledDenyList(revocations));
  const timed = async (use: (token: string) => unknown) => {
    const tokens = await issue(tokensOfRound);
    const start = performance.now();
    for (const token of tokens) await use(token);
    return (tokensOfRound / (performance.now() - start)) * 1000;
  };
  const [sample = ''] = await issue(1);
  const key = keyRing.verifier(decodeProtectedHeader(sample).kid ?? '')?.publicKey;
  if (key === undefined) throw new Error('no key');
  const raw = (token: string) => {
    const end = token.lastIndexOf('.');
    const signature = Buffer.from(token.slice(end + 1), 'base64url');
    const options = { key, dsaEncoding: 'ieee-p1363' } as const;
    if (!verify('sha256', Buffer.from(token.slice(0, end)), options, signature)) throw new Error('refused');
  };
  const ours = async (token: string) => {
    if (!(await introspect(token)).active) throw new Error('not active');
  };
  const rates = await pairedRates(
    () => timed(raw),
    () => timed(ours),
    effort.rounds,
  );
  return [
    {
      what: `introspecting a new token, ${revocations / 1_000_000} M revocations, in process`,
      yardstick: `${perSecond(rates.yardstick)} (crypto.verify ES256)`,
      ours: perSecond(rates.ours),
      ratio: rates.ratio.toFixed(2),
      spread: rates.spread,
      reach: '≥ 0.75',
      verdict: atLeast(rates.ratio, 0.75),
    },
  ];
}
