/** Two nodes rotate at the same instant, forty times; two hundred times in test/soak. */
import t from 'tap';
import { makesOneKeyEachTime } from './keyRingNodes.ts';

await makesOneKeyEachTime(t, 40);
