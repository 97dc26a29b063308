/**
 * Upper bound of the difference between the clock of a log and that of the databases whose events it has. Both are
 * servers, and each is only as right as its time service. A wider bound accepts more events whose time is wrong, and
 * lets replays read so much more of the log; a narrower one dead-letters every event while a clock is off.
 */
export const maxClockSkewMs = 15 * 60_000;

/** As the time of a message: no event time is ahead of it. */
export const endOfTime = new Date(8.64e15);
