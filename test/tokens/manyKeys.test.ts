/** Some keys, a token from each; ten thousand are in test/soak. */
import t from 'tap';
import { othersReadEach } from './manyKeys.ts';

await othersReadEach(t, 300, { zeros: false });
