export * from '@countersign/guard/express';
