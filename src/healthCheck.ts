/**
 * Health check of the image: exit code 0 while the process is alive. It does not ask for "ready": a restart does not help a node
 * that waits for its database.
 */
import { isIPv6 } from 'node:net';
import { processEnvironment } from './platform/config/env.ts';
import { usualOperationsPort } from './platform/config/settings.ts';

const { OPERATIONS_HOST: host = '', OPERATIONS_PORT: port } = processEnvironment();
/** A name instead of an address: a listener on every address may be IPv4-only or IPv6-only. */
const unspecified = ['', '0.0.0.0', '::'].includes(host);
const shown = unspecified ? 'localhost' : isIPv6(host) ? `[${host}]` : host;

const answer = await fetch(`http://${shown}:${port || usualOperationsPort}/health/live`).catch(
  () => undefined,
);
process.exit(answer?.ok ? 0 : 1);
