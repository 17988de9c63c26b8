import { z } from "zod";
import { LIVE, real, whole } from "./key-parts.ts";

/** The section `health`. */
export const health = z.strictObject({
  fps_degraded_percent: real(1, 100)
    .default(98)
    .describe(
      "Pictures aired in the last 10 s, in percent of what the house format has: with less than this a channel is degraded.",
    )
    .meta(LIVE),
  fps_unhealthy_percent: real(1, 100).default(90).describe("The same for unhealthy.").meta(LIVE),
  speed_degraded_percent: real(1, 100)
    .default(98)
    .describe(
      "Media that an encoder makes in the time in which it is being read, in percent: with less than this, and a lead that becomes shorter, a channel is degraded.",
    )
    .meta(LIVE),
  lead_degraded_percent: real(0, 100)
    .default(50)
    .describe(
      "Finished media that waits for its time, in percent of channels.lead_seconds: with less than this a channel is degraded.",
    )
    .meta(LIVE),
  lead_unhealthy_percent: real(0, 100).default(15).describe("The same for unhealthy.").meta(LIVE),
  dropped_degraded_percent: real(0, 100)
    .default(0)
    .describe(
      "Pictures of the programme that a screen stood in for in the last minute, in percent of a minute's: with more than this a channel is degraded. 0: with any.",
    )
    .meta(LIVE),
  dropped_unhealthy_percent: real(0, 100).default(5).describe("The same for unhealthy.").meta(LIVE),
  failures_minutes: real(0.1, 60)
    .default(5)
    .describe("How far failures of sources are looked back for, in minutes.")
    .meta(LIVE),
  failures_degraded: whole(1, 10_000)
    .default(3)
    .describe("So many failures in that time make a channel degraded, seen by viewers or not.")
    .meta(LIVE),
  failures_unhealthy: whole(1, 10_000).default(10).describe("The same for unhealthy.").meta(LIVE),
  faulty_samples_unhealthy: whole(1, 1000)
    .default(3)
    .describe(
      "Faulty samples of what was sent, in the last failures_minutes, that make a channel unhealthy; one makes it degraded.",
    )
    .meta(LIVE),
  failed_after_seconds: real(1, 3600)
    .default(30)
    .describe("A screen that has stood in for the programme for longer than this makes a channel failed.")
    .meta(LIVE),
  startup_seconds: real(0, 300)
    .default(15)
    .describe("Pictures per second and lead are not judged before a channel has been on air for so long.")
    .meta(LIVE),
  worsen_seconds: real(0, 600)
    .default(3)
    .describe("How long something must be bad before the status becomes worse.")
    .meta(LIVE),
  recover_seconds: real(0, 3600)
    .default(30)
    .describe("How long everything must be well before the status becomes better.")
    .meta(LIVE),
  incident_close_seconds: real(1, 86_400)
    .default(300)
    .describe(
      "An incident is closed when its failure has not come again while the programme was on air for so long.",
    )
    .meta(LIVE),
  self_measurement: z
    .boolean()
    .default(true)
    .describe("Whether samples of what each channel sends are examined as a measuring instrument would.")
    .meta(LIVE),
  self_measurement_seconds: real(1, 3600)
    .default(30)
    .describe("Seconds between two samples of a channel. Beside these, every change of source is examined.")
    .meta(LIVE),
});
