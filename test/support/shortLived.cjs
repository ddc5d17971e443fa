// Optimising takes longer than the processes of tests run: the WebAssembly of the embedded database, and most JavaScript.
const { setFlagsFromString } = require('node:v8');
setFlagsFromString('--liftoff-only');
setFlagsFromString('--interrupt-budget=1000000');
