/** Every unary method by a client that was not made for it, with the files of proto/. */
import t from 'tap';
import { everyMethod, fromFiles, startForCurl } from '../transport/grpc/bufCurl.ts';

t.setTimeout(120_000);

t.test('with --schema proto', async (t) => {
  const { authority, curl } = await startForCurl(t);
  await everyMethod(t, authority, curl, fromFiles);
});
