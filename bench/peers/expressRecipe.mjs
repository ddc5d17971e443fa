/** The usual recipe: Express, jsonwebtoken, and one `EXISTS` of a deny-list in Redis for each request. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import express from 'express';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';

const tokenCount = 2_000;
const redis = new Redis(process.env.PEER_REDIS_URL);
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const app = express();
app.disable('x-powered-by');
app.get('/me', async (request, response) => {
  const token = request.headers.authorization?.slice('Bearer '.length) ?? '';
  const claims = jwt.verify(token, publicKey, { algorithms: ['ES256'], audience: 'bench' });
  if (await redis.exists(`revoked:${claims.jti}`)) return response.status(401).json({ active: false });
  return response.json({ active: true, sub: claims.sub });
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
const requests = Array.from({ length: tokenCount }, () => {
  const options = {
    algorithm: 'ES256',
    audience: 'bench',
    subject: randomUUID(),
    jwtid: randomUUID(),
    expiresIn: '1h',
  };
  const token = jwt.sign({ sid: randomUUID(), scope: 'account' }, privateKey, options);
  return { method: 'GET', path: '/me', headers: { authorization: `Bearer ${token}` } };
});
process.send({ port: server.address().port, requests, contains: '"active":true' });
process.on('disconnect', () => process.exit());
