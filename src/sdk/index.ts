/** `countersign/sdk` is `@countersign/guard` under its earlier name, for one release. */
export * from '@countersign/guard';
