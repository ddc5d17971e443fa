/** The parts of TypeBox that schemas use: bundled when built, since its hundreds of files take longer to load than to run. */
export { type Static, type TSchema, Type } from 'typebox';
