// What a replay shows at a moment, in words. html.py joins this with picture.js and player.js.

const MIB = 2 ** 20;

const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const mib = (bytes) => `${Math.round(bytes / MIB).toLocaleString("en")} MiB`;

/** Return the simulated minute of a sample, which is taken half a second after a whole second. */
const minute = (t) => `${+(Math.floor(t) / 60).toFixed(2)}`;

/** Return what a run shows at one of its samples: the title, and what a screen reader says. */
function finding(run, at) {
  const { t, gauge, tcp, ghosts, workers_blocked: blocked } = run.samples;
  return (
    `minute ${minute(t[at])}: gauge ${gauge[at]}, TCP ${tcp[at]}, ` +
    `${counted(ghosts[at], "ghost")}, ${blocked[at]} of ${run.workers} workers blocked`
  );
}

/** Return the last sample up to a moment, or the first. */
const latest = (run, t) => Math.max(run.samples.t.findLastIndex((one) => one <= t), 0);

