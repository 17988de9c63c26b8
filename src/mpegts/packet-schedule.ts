import { frameCount } from "../media/gop.ts";
import type { TimedGop } from "../media/timed-gop.ts";
import type { MultiplexState } from "./multiplex-state.ts";
import { accessUnitBytes, VIDEO_PES_BYTES } from "./packet-writer.ts";
import { PACKET_PAYLOAD_BYTES, PCR_FIELD_BYTES, PCR_TICKS } from "./packets.ts";
import { SYSTEM_CLOCK_HZ } from "./wire-clock.ts";
import type { WireTimeline } from "./wire-timeline.ts";

/** What a packet carries. */
export const PacketKind = {
  stuffing: 0,
  pat: 1,
  pmt: 2,
  sdt: 3,
  clock: 4,
  video: 5,
  videoWithClock: 6,
  audio: 7,
} as const;

const MS = SYSTEM_CLOCK_HZ / 1000;
/** PCR at most this far apart. Behind 40 ms, two packets may be before a PCR that has become due. */
const PCR_INTERVAL = 36 * MS;
const PCR_LIMIT = 39 * MS;
/** Tables follow a PCR when at the next one they would be more than 90 ms old. */
const TABLES_AFTER = 90 * MS - PCR_INTERVAL;
/** The SDT comes with each piece and, in longer ones, so often (at most 2 s apart by ETSI TR 101 290 3.5). */
const SDT_INTERVAL = 1000 * MS;
/** Audio is sent so long before it is heard: later than a picture, as its buffer is small. */
const AUDIO_LEAD = 100 * MS;
/** Audio that will be heard so soon is sent even when its buffer is full. */
const AUDIO_URGENT = 35 * MS;
/** After so long without audio a frame is sent early: PTS may be 700 ms apart (ETSI TR 101 290 2.5). */
const AUDIO_PAUSE = 600 * MS;
/** How long before its decoding time the last byte of an access unit is to be sent. */
const DEADLINE_MARGIN = 20 * MS;

/** Conditions of a plan. */
export interface PlanTerms {
  /** Whether pictures wait when the decoder's video buffers have no room for them. */
  readonly holdsVideo: boolean;
  /** How far beyond the Gop's own time the piece may reach, in 27 MHz ticks. */
  readonly maxOverhang: number;
  /** Go on when something comes too late. */
  readonly acceptsLate: boolean;
}

/**
 * Decides, packet by packet at constant rate, what each carries for one Gop: a piece from PAT, PMT and the IDR up
 * to where the Gop's time is over and its last picture is sent. What waits is sent in this order: PCR, audio,
 * pictures (not before their frame's position), stuffing. Nothing is written here, so a plan may be dropped.
 */
export class PacketSchedule {
  /** `PacketKind` of each packet; the first `count` are the plan. */
  kinds = new Uint8Array(1 << 12);
  count = 0;
  /** Whether a picture had to wait for the decoder's buffers. */
  hasHeld = false;
  readonly #state: MultiplexState;
  readonly #timeline: WireTimeline;
  #timed!: TimedGop;
  #frames = 0;
  #holdsVideo = true;
  #isLate = false;
  #pcrInterval = PCR_INTERVAL;
  #tablesPcr = 0;
  #patDue = false;
  #pmtDue = false;
  #sdtDue = false;
  #sdtPcr = 0;
  /** The picture that is being sent, or is next; its bytes left; when it is decoded, or may be begun. */
  #frame = 0;
  #videoLeft = 0;
  #videoDts = 0;
  #videoFrom = 0;
  #audioLeft = 0;
  #audioPts = 0;

  constructor(state: MultiplexState, timeline: WireTimeline) {
    this.#state = state;
    this.#timeline = timeline;
  }

  /** Makes the plan from where the state stands, which moves on; false: the terms cannot be met. */
  plan(timed: TimedGop, terms: PlanTerms): boolean {
    const { clock } = this.#state;
    const end = this.#timeline.clock(timed.frame + frameCount(timed.gop));
    this.#begin(timed, terms.holdsVideo);
    for (;;) {
      const isSent = this.#frame === this.#frames && this.#audioLeft === 0 && !this.#pmtDue;
      if (isSent && clock.ticks >= end) break;
      this.#send();
      if (this.#isLate && !terms.acceptsLate) return false;
    }
    const isAudioLate = this.#audioPts - DEADLINE_MARGIN < clock.ticks;
    if (isAudioLate && !terms.acceptsLate) return false;
    return clock.ticks - end <= terms.maxOverhang;
  }

  #begin(timed: TimedGop, holdsVideo: boolean): void {
    const { clock, lastPcr } = this.#state;
    this.count = 0;
    this.hasHeld = false;
    this.#timed = timed;
    this.#frames = frameCount(timed.gop);
    this.#holdsVideo = holdsVideo;
    this.#isLate = false;
    this.#pcrInterval = Math.min(PCR_INTERVAL, PCR_LIMIT - 2 * clock.packetTicks);
    // A receiver takes tables to have come when the last PCR said so.
    this.#tablesPcr = Math.max(lastPcr, clock.ticks - PCR_INTERVAL);
    this.#patDue = false;
    this.#pmtDue = false;
    this.#sdtDue = true;
    this.#sdtPcr = clock.ticks;
    this.#frame = 0;
    this.#videoLeft = 0;
    this.#videoFrom = clock.ticks;
    this.#audioLeft = 0;
    this.#findAudio();
    this.#put(PacketKind.pat);
    this.#put(PacketKind.pmt);
    this.#sendVideo(clock.pcr);
  }

  #put(kind: number): void {
    if (this.count === this.kinds.length) {
      const longer = new Uint8Array(2 * this.kinds.length);
      longer.set(this.kinds);
      this.kinds = longer;
    }
    this.kinds[this.count++] = kind;
    this.#state.clock.advance();
  }

  #send(): void {
    const { clock, lastPcr } = this.#state;
    const now = clock.ticks;
    this.#state.advance(now);
    if (this.#patDue) {
      this.#patDue = false;
      this.#pmtDue = true;
      this.#put(PacketKind.pat);
    } else if (this.#pmtDue) {
      this.#pmtDue = false;
      this.#put(PacketKind.pmt);
    } else if (now + clock.packetTicks - lastPcr > this.#pcrInterval) {
      if (this.#isVideoReady(now, 1)) this.#sendVideo(clock.pcr);
      else this.#sendClock(clock.pcr);
    } else if (this.#isAudioReady(now)) {
      this.#sendAudio(now);
    } else if (this.#sdtDue) {
      this.#sdtDue = false;
      this.#put(PacketKind.sdt);
    } else if (this.#isVideoReady(now, 2)) {
      this.#sendVideo(undefined);
    } else {
      this.#put(PacketKind.stuffing);
    }
  }

  /** `packets`: how many must fit the transport buffer, so that there is always room for one with a PCR. */
  #isVideoReady(now: number, packets: number): boolean {
    if (this.#frame === this.#frames || now < this.#videoFrom) return false;
    if (!this.#holdsVideo) return true;
    const { videoTransport, videoMain } = this.#state;
    if (videoTransport.fits(now, packets) && videoMain.fits(PACKET_PAYLOAD_BYTES)) return true;
    this.hasHeld = true;
    return false;
  }

  #sendVideo(pcr: number | undefined): void {
    const { clock, videoMain, videoTransport } = this.#state;
    const { gop, frame } = this.#timed;
    if (this.#videoLeft === 0) {
      this.#videoLeft = VIDEO_PES_BYTES + accessUnitBytes(gop, this.#frame);
      this.#videoDts = this.#timeline.dts(frame + this.#frame) * PCR_TICKS;
      videoMain.begin(this.#videoDts, this.#videoLeft);
    }
    const room = PACKET_PAYLOAD_BYTES - (pcr === undefined ? 0 : PCR_FIELD_BYTES);
    const payload = Math.min(room, this.#videoLeft);
    this.#videoLeft -= payload;
    videoMain.fill(payload);
    videoTransport.add(clock.ticks);
    this.#put(pcr === undefined ? PacketKind.video : PacketKind.videoWithClock);
    if (pcr !== undefined) this.#onPcr(pcr);
    if (this.#videoLeft > 0) return;
    this.#isLate ||= clock.ticks > this.#videoDts - DEADLINE_MARGIN;
    this.#frame += 1;
    this.#videoFrom = this.#timeline.clock(frame + this.#frame);
  }

  #sendClock(pcr: number): void {
    this.#state.videoTransport.add(this.#state.clock.ticks);
    this.#put(PacketKind.clock);
    this.#onPcr(pcr);
  }

  #onPcr(pcr: number): void {
    this.#state.lastPcr = pcr;
    if (pcr - this.#sdtPcr > SDT_INTERVAL) {
      this.#sdtPcr = pcr;
      this.#sdtDue = true;
    }
    if (pcr - this.#tablesPcr <= TABLES_AFTER) return;
    this.#tablesPcr = pcr;
    this.#patDue = true;
  }

  #isAudioReady(now: number): boolean {
    const { audio, audioTransport, audioMain, lastAudio } = this.#state;
    if (this.#audioLeft === 0) {
      const lead = this.#audioPts - now;
      if (lead > AUDIO_LEAD) {
        if (now - lastAudio <= AUDIO_PAUSE || audio.isEmpty) return false;
      } else if (lead > AUDIO_URGENT && !audioMain.fits(audio.pesBytes)) return false;
    }
    return audioTransport.fits(now, 1);
  }

  #sendAudio(now: number): void {
    const { audio, audioTransport, audioMain, clock } = this.#state;
    if (this.#audioLeft === 0) {
      this.#audioLeft = audio.pesBytes;
      audioMain.begin(this.#audioPts, this.#audioLeft);
      audioMain.fill(this.#audioLeft);
      this.#state.lastAudio = now;
    }
    this.#audioLeft -= Math.min(PACKET_PAYLOAD_BYTES, this.#audioLeft);
    audioTransport.add(now);
    this.#put(PacketKind.audio);
    if (this.#audioLeft > 0) return;
    this.#isLate ||= clock.ticks > this.#audioPts - DEADLINE_MARGIN;
    audio.shift();
    this.#findAudio();
  }

  #findAudio(): void {
    const { audio } = this.#state;
    this.#audioPts = audio.isEmpty
      ? Number.POSITIVE_INFINITY
      : this.#timeline.audioPts(audio.frame) * PCR_TICKS;
  }
}
