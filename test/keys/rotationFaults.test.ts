/** Keys rotate every six seconds, and nobody who verifies tokens as the headers of the JWKS allow notices. */
import t from 'tap';
import { rotatesUnderLoad } from './rotationUnderLoad.ts';

t.test('four rotations on three nodes', (t) => rotatesUnderLoad(t, 4));
