export * from '@countersign/guard/grpc';
