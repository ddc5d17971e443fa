/** Connects to a port again and again, three at a time; prints how many connections were closed without an answer after they stood. */
import { connect } from 'node:net';

const port = Number(process.argv[2]);
let reset = 0;
let going = true;
process.once('SIGTERM', () => {
  going = false;
});

function once() {
  return new Promise((resolve) => {
    let stood = false;
    const socket = connect(port, '127.0.0.1', () => {
      stood = true;
      socket.write('?');
    });
    let answered = false;
    socket.once('data', () => {
      answered = true;
    });
    socket.once('error', () => {});
    socket.once('close', () => {
      if (stood && !answered) reset += 1;
      resolve();
    });
  });
}
const loops = Array.from({ length: 3 }, async () => {
  while (going) await once();
});
await Promise.all(loops);
process.stdout.write(`${reset} reset\n`);
