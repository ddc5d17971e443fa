/** Which logins come from a device or network that the user's earlier sessions do not have. */
import t from 'tap';
import { type EarlierClient, isNewDevice } from '../../src/sessions/newDevice.ts';

const [home, train, away] = ['192.0.2.1', '198.51.100.1', '203.0.113.1'];
const earlier = (ip: string | undefined, deviceId?: string, otherIp?: string): EarlierClient => ({
  ...{ userAgent: 'app/1', ip, deviceId, otherIp },
});

t.test('with a device_id', async (t) => {
  const moved = [earlier(train, 'phone', home)];
  const table: readonly (readonly [string, boolean, ip: string | undefined, readonly EarlierClient[]])[] = [
    ['the first session', true, home, []],
    ['in its network', false, '192.0.2.200', [earlier(home, 'phone')]],
    ['in another network', true, away, [earlier(home, 'phone')]],
    ['where another device of the user was', false, away, [earlier(home, 'phone'), earlier(away, 'laptop')]],
    ['where its session is now', false, train, moved],
    ['where its session was before', false, home, moved],
    ['where its session never was', true, away, moved],
    ['an unknown address', false, undefined, [earlier(home, 'phone')]],
    ['another device in a known network', true, home, [earlier(home, 'laptop')]],
    ['another device of which nothing is known', true, home, [earlier(home)]],
  ];
  for (const [what, isNew, ip, before] of table)
    t.equal(isNewDevice({ userAgent: 'app/2', ip, deviceId: 'phone' }, before), isNew, what);
});
