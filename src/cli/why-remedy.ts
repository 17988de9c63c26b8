import { type Remedy, type Retry, USUAL } from "../ffmpeg/failure-row.ts";

/** What is done about a file that the probe refuses. */
export const LEFT_OUT =
  "the server leaves it out when it starts, and says why; the other files of its channel are played.";

const PLAYED = "it is played, and what cannot be decoded shows as blocks, stills or silence; ";
const STANDBY = "then the error screen is shown until the next programme begins.";

/** What a channel does when it meets a failure in the middle of a file; undefined stands for one without a name. */
export function describeRemedy(remedy: Remedy | undefined): string {
  if (remedy?.action === "tolerate")
    return `${PLAYED}an encoder that gives up over it is replaced, at the same picture or behind the bad spot.`;
  if (remedy?.action === "restart" && remedy.change === "regenerate_timestamps")
    return "it is played with timestamps of the channel's own, so that nothing of this is seen.";
  return `it is played up to there; ${describeRetry(remedy?.retry ?? USUAL)}, ${STANDBY}`;
}

function describeRetry(retry: Retry): string {
  switch (retry.kind) {
    case "usual":
    case "step_over":
      return "the same place is tried again, and what lies behind it";
    case "backoff":
      return retry.attempts === 1 ? "one more try is made" : `${retry.attempts} more tries are made`;
    case "never":
      return "no other try is made";
  }
}
