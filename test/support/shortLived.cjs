// Optimising the WebAssembly of the embedded database takes longer than the processes of tests run.
require('node:v8').setFlagsFromString('--liftoff-only');
