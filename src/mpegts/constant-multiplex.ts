import { bufferLimits } from "../codec/h264-level.ts";
import { frameCount } from "../media/gop.ts";
import type { TimedGop } from "../media/timed-gop.ts";
import type { MultiplexState } from "./multiplex-state.ts";
import { PacketKind, PacketSchedule, type PlanTerms } from "./packet-schedule.ts";
import { accessUnitBytes, packetsFor, VIDEO_PES_BYTES } from "./packet-writer.ts";
import { PACKET_BYTES } from "./packets.ts";
import type { ProgrammeWriter } from "./programme-writer.ts";
import { SYSTEM_CLOCK_HZ } from "./wire-clock.ts";
import type { ConstantWireGop } from "./wire-gop.ts";
import type { WireTimeline } from "./wire-timeline.ts";

/** What a piece that needs a higher rate may leave to the next one: so much, or as much as was left to itself. */
const RAISED_OVERHANG = 0.25 * SYSTEM_CLOCK_HZ;
const LONGEST_OVERHANG = 0.5 * SYSTEM_CLOCK_HZ;
/** The search for the least rate: by how much it grows, how often, and how often the last step is halved. */
const GROWTH = 1.25;
const MOST_STEPS = 24;
const HALVINGS = 5;
const PACKET_BITS = 8 * PACKET_BYTES;

/** Writes Gops at constant rate, with stuffing, against the decoder's buffers (ISO/IEC 13818-1 2.4.2). */
export class ConstantMultiplex {
  readonly #timeline: WireTimeline;
  readonly #state: MultiplexState;
  readonly #writer: ProgrammeWriter;
  readonly #schedule: PacketSchedule;
  #sps: Uint8Array | undefined;

  constructor(timeline: WireTimeline, state: MultiplexState, writer: ProgrammeWriter) {
    this.#timeline = timeline;
    this.#state = state;
    this.#writer = writer;
    this.#schedule = new PacketSchedule(state, timeline);
  }

  /** Writes one Gop at `bps` bit/s, or at the least higher rate at which nothing comes too late. */
  mux(timed: TimedGop, bps: number): ConstantWireGop {
    const state = this.#state;
    const { clock, audio } = state;
    this.#prepare(timed);
    this.#plan(timed, bps);
    const rate = clock.bps;
    // What the plan has moved on in the state is right; these two are gone through once more by writing.
    clock.reset();
    clock.setRate(rate);
    audio.reset();
    const lateTicks = clock.now - this.#timeline.clock(timed.frame);
    return {
      ...{ ...this.#write(timed), frame: timed.frame, frames: frameCount(timed.gop), bps: rate },
      startPosition: timed.frame + lateTicks / this.#timeline.clockPerFrame,
      packetsPerFrame: (rate * this.#timeline.clockPerFrame) / (PACKET_BITS * SYSTEM_CLOCK_HZ),
    };
  }

  #prepare(timed: TimedGop): void {
    const state = this.#state;
    const { sps } = timed.gop.parameters;
    if (sps !== this.#sps) state.setVideoLimits(bufferLimits(sps));
    this.#sps = sps;
    state.audio.append(timed);
    state.clock.notBefore(this.#timeline.clock(timed.frame));
    if (state.lastAudio === Number.NEGATIVE_INFINITY) state.lastAudio = state.clock.ticks;
    state.mark();
  }

  /** Leaves the plan in the schedule, the rate in the clock, and the state as it is behind the piece. */
  #plan(timed: TimedGop, bps: number): void {
    const inTime = { maxOverhang: Number.POSITIVE_INFINITY, acceptsLate: false };
    if (this.#try(timed, bps, { ...inTime, holdsVideo: true })) return;
    // A picture that no buffer of its level can hold is sent all the same.
    if (this.#schedule.hasHeld && this.#try(timed, bps, { ...inTime, holdsVideo: false })) return;
    this.#try(timed, this.#leastRate(timed, bps), { ...inTime, holdsVideo: false, acceptsLate: true });
  }

  #try(timed: TimedGop, bps: number, terms: PlanTerms): boolean {
    this.#state.reset();
    this.#state.clock.setRate(bps);
    return this.#schedule.plan(timed, terms);
  }

  /** The least rate, to about a percent, at which everything is in time and the backlog does not grow. */
  #leastRate(timed: TimedGop, bps: number): number {
    const state = this.#state;
    state.reset();
    const start = state.clock.ticks;
    const backlog = Math.min(start - this.#timeline.clock(timed.frame), LONGEST_OVERHANG);
    const maxOverhang = Math.max(RAISED_OVERHANG, backlog);
    const terms = { holdsVideo: false, maxOverhang, acceptsLate: false };
    const endTicks = this.#timeline.clock(timed.frame + frameCount(timed.gop)) + maxOverhang;
    const seconds = Math.max(endTicks - start, RAISED_OVERHANG) / SYSTEM_CLOCK_HZ;
    let low = Math.max(bps, Math.floor((videoPackets(timed) * PACKET_BITS) / seconds));
    let high = low;
    for (let step = 0; step < MOST_STEPS && !this.#try(timed, high, terms); step++) {
      low = high;
      high = Math.ceil(high * GROWTH);
    }
    for (let halving = 0; halving < HALVINGS && high > low; halving++) {
      const middle = Math.floor((low + high) / 2);
      if (this.#try(timed, middle, terms)) high = middle;
      else low = middle;
    }
    return high;
  }

  #write(timed: TimedGop): Pick<ConstantWireGop, "bytes" | "nullPackets"> {
    const { clock, audio } = this.#state;
    const { kinds, count } = this.#schedule;
    const writer = this.#writer;
    const { packets } = writer;
    packets.begin(count * PACKET_BYTES);
    let frame = 0;
    let inVideo = false;
    let inAudio = false;
    let nullPackets = 0;
    for (let index = 0; index < count; index++) {
      switch (kinds[index]) {
        case PacketKind.pat:
          writer.pat();
          break;
        case PacketKind.pmt:
          writer.pmt();
          break;
        case PacketKind.sdt:
          writer.sdt();
          break;
        case PacketKind.clock:
          packets.clockOnly(clock.pcr);
          break;
        case PacketKind.video:
        case PacketKind.videoWithClock:
          if (!inVideo) writer.beginVideo(timed, frame++);
          inVideo = packets.videoPacket(kinds[index] === PacketKind.video ? undefined : clock.pcr);
          break;
        case PacketKind.audio:
          if (!inAudio) writer.beginAudio(audio);
          inAudio = packets.audioPacket();
          break;
        default:
          packets.stuffing();
          nullPackets++;
      }
      clock.advance();
    }
    return { bytes: packets.end(), nullPackets };
  }
}

function videoPackets({ gop }: TimedGop): number {
  let packets = 0;
  for (let frame = 0; frame < frameCount(gop); frame++) {
    packets += packetsFor(VIDEO_PES_BYTES + accessUnitBytes(gop, frame), 0);
  }
  return packets;
}
