/** `fetch` for the answers of providers: their size is limited, and only loopback is asked without TLS. */
import { isLoopback } from '../../platform/config/issuer.ts';
import { providerLimits } from './limits.ts';

export async function providerFetch(url: string, options: RequestInit): Promise<Response> {
  const { protocol, hostname } = new URL(url);
  // The metadata of a provider name further addresses.
  if (protocol !== 'https:' && !isLoopback(hostname))
    throw new Error('an address of the provider is not https');
  const answer = await fetch(url, options);
  const { status, headers } = answer;
  return new Response(await bytesOf(answer), { status, headers });
}

async function bytesOf({ body }: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null) return null;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > providerLimits.answerBytes) throw new Error('an answer of the provider is too large');
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
