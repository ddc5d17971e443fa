/** Settings as the console shows them. */
import t from 'tap';
import { shownSettings } from '../../../src/platform/config/shownSettings.ts';

t.test('no secret, and no path of a webhook, which may be one', (t) => {
  const shown = shownSettings({
    OPERATOR_WEBHOOK_URL: 'https://hooks.example/T0/secret?key=other',
    KEY_ENCRYPTION_KEY: 'c2VjcmV0',
    ISSUER: 'https://auth.example/tenant',
  });
  const shownOf = (wanted: string) => shown.find(({ name }) => name === wanted)?.value;
  t.equal(shownOf('OPERATOR_WEBHOOK_URL'), 'https://hooks.example');
  t.equal(shownOf('KEY_ENCRYPTION_KEY'), '');
  t.equal(shownOf('ISSUER'), 'https://auth.example/tenant');
  t.notMatch(JSON.stringify(shown), /secret\?|c2VjcmV0/);
  t.end();
});
