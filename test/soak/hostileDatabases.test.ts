/** Databases with other zones, formats, isolation, limits and paths (F1, F2): the same answers on all of them. */
import t from 'tap';
import { otherSettings, otherZones } from '../storage/postgres/hostileSetUps.ts';
import { holdsOnEach } from '../support/hostileNodes.ts';

t.setTimeout(900_000);

holdsOnEach(t, { ...otherSettings, ...otherZones });
