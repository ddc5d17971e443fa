/** Checks whether a port needed later is free. */
import { connect } from 'node:net';
import { systemClock } from '@countersign/verifier/clock';
import { StartupError } from '@countersign/verifier/errors';
import { httpLimits } from './limits.ts';

/**
 * Throws `StartupError` when somebody listens there. Connects instead of listening: even a short listener may take a request that
 * nobody answers. Listening itself finds the rest.
 */
export async function refuseTakenPort(
  setting: string,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  if (port === 0 || !(await isAnswered(host, port))) return;
  throw new StartupError(
    `${setting}: cannot listen on ${host}:${port}: listen EADDRINUSE: address already in use ${host}:${port}`,
  );
}

function isAnswered(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (answered: boolean) => {
      cancel();
      socket.destroy();
      resolve(answered);
    };
    const cancel = systemClock.after(httpLimits.takenPortMilliseconds, () => settle(false));
    socket.once('error', () => settle(false));
    // Without a listener, a connection can reach itself if the system gives it that very port.
    socket.once('connect', () => settle(socket.localPort !== port));
  });
}
