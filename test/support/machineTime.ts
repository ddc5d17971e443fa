/** Milliseconds of the machine's monotonic clock, which all of its processes share. */
export const machineTime = () => Number(process.hrtime.bigint()) / 1e6;
