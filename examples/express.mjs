/** An Express service that needs an access token on every route, and on one a scope that no user has yet. */
import { createGuard } from '@countersign/guard';
import { requireCaller } from '@countersign/guard/express';
import express from 'express';

const { AUTHORITY = '127.0.0.1:50051', AUDIENCE = 'countersign', SERVICE_TOKEN, PORT = '3000' } = process.env;

const guard = createGuard({ authority: AUTHORITY, audience: AUDIENCE, serviceToken: SERVICE_TOKEN });
const app = express();
app.get('/ready', (_, response) => response.sendStatus(guard.state().status === 'leased' ? 200 : 503));
app.use(requireCaller(guard));
app.get('/orders', (request, response) => response.json({ caller: request.caller.sub }));
app.get('/reports', requireCaller(guard, { scopes: ['reports.read'] }), (_, response) =>
  response.json({ reports: [] }),
);

const server = app.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  guard.close();
});
