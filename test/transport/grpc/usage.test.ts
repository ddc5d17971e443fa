/** What services have of a node: a share each, of memory for messages as well. */

import type { ServiceId } from '@countersign/verifier/ids';
import t from 'tap';
import { newId } from '../../../src/platform/newId.ts';
import { grpcLimits } from '../../../src/transport/grpc/limits.ts';
import { createUsages } from '../../../src/transport/grpc/usage.ts';

const { grpcServiceMessageBytes: most, grpcAllMessageBytes: all } = grpcLimits;

t.test('services that hold all they get leave room for the messages of others', async (t) => {
  const usages = createUsages();
  for (let number = 0; number < 8; number += 1) {
    const usage = usages.of({ id: newId<ServiceId>(number) });
    const takeAll = () => {
      for (;;) usage.hold(64 * 1024);
    };
    t.throws(takeAll, { code: 'overloaded' });
  }
  t.ok(usages.held() > all * 0.9, 'nearly all is taken');
  t.ok(usages.held() < all);
  usages.of({ id: newId<ServiceId>(0) }).hold(grpcLimits.grpcRequestBytes);
});

t.test('one alone gets its share and no more', async (t) => {
  const usage = createUsages().of({ id: newId<ServiceId>(0) });
  usage.hold(most);
  t.throws(() => usage.hold(1), { code: 'overloaded', reason: 'service_message_bytes' });
  usage.release(1);
  usage.hold(1);
});
