import { expect, test } from "vitest";
import { AppError } from "../base/errors.ts";
import { rational } from "../base/rational.ts";
import { syntheticGop } from "../media/gop.fixtures.ts";
import type { Gop } from "../media/gop.ts";
import { type HouseFormat, houseFormat } from "../media/house-format.ts";
import type { ScreenReason } from "../media/screen-modes.ts";
import { ChannelScreens, type ScreenMaker } from "./channel-screens.ts";
import { ErrorScreen } from "./error-screen.ts";
import { plainScreen } from "./plain-screen.ts";
import type { ScreenCue } from "./screen-source.ts";

const format = houseFormat({
  ...{ width: 320, height: 180, fps: rational(30), gopSeconds: 1 },
  ...{ totalBps: 1_000_000, audioBps: 96_000 },
});
const MINUTE_MS = 60_000;

/** Makes screens of which one knows what they were made of, when it is let. */
class Workshop implements ScreenMaker {
  problem: AppError | undefined;
  holdsPicture = false;
  off = new Set<ScreenReason>();
  fails = false;
  readonly rendered: string[] = [];
  readonly reported: unknown[] = [];
  readonly #names = new Map<Uint8Array, string>();

  readonly refresher = {
    refresh: async (screen: ErrorScreen, atMs: number) => {
      const name = this.nameOf(screen.gopAt(0)).replace(/ at \d+/, ` at ${atMs}`);
      return screen.withPictures(this.#pictures(name));
    },
    report: (failure: unknown) => void this.reported.push(failure),
  };

  shownFor = (reason: ScreenReason) => (this.off.has(reason) ? "recovering" : reason);

  wordsOf = ({ reason, title = reason, subtitle = "" }: ScreenCue) => ({ title, detail: subtitle });

  async render(cue: ScreenCue, house: HouseFormat, live?: { readonly atMs: number }): Promise<ErrorScreen> {
    const name = [cue.reason, cue.errorCode, cue.title, live && `at ${live.atMs}`].filter(Boolean).join(" ");
    this.rendered.push(name);
    if (this.fails) throw new AppError("painter_failed", "no paint");
    const content = { message: { title: "", timestamp: live !== undefined }, config: {}, format: house };
    return new ErrorScreen(content, this.#pictures(name), undefined);
  }

  async hold(gop: Gop): Promise<ErrorScreen> {
    if (this.fails) throw new AppError("encoder_failed", "no encoder");
    const content = { message: { title: "" }, config: {}, format };
    return new ErrorScreen(content, this.#pictures(`held ${gop.firstFrame}`), undefined);
  }

  /** What a Gop shows. */
  nameOf(gop: Gop): string {
    return this.#names.get(gop.video.data) ?? "plain";
  }

  #pictures(name: string): Gop[] {
    const gop = syntheticGop({ format, frames: 30, silent: true });
    this.#names.set(gop.video.data, name);
    return [gop, gop];
  }
}

function open(workshop = new Workshop()) {
  const screens = new ChannelScreens(workshop, () => format);
  let frame = 0;
  const show = (cue: ScreenCue, seconds = 0) => {
    frame += 30;
    return screens.next(cue, { frame, room: 30, shownAtMs: seconds * 1000 });
  };
  return {
    workshop,
    screens,
    show,
    named: (...args: Parameters<typeof show>) => workshop.nameOf(show(...args)),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("at once a plain screen with the reason's words; the rendered one as soon as it is there", async () => {
  const { named, show } = open();
  const plain = show({ reason: "loading" });
  expect(plain.video.data).toEqual(plainScreen(format, { title: "loading", detail: "" })[0]!.video.data);
  await settled();
  expect(named({ reason: "loading" })).toBe("loading");
  expect(named({ reason: "source_unavailable", errorCode: "corrupt" })).toBe("source_unavailable");
});

test("what stays for more than four seconds tells the code and the time, and follows the clock", async () => {
  const { workshop, named } = open();
  await settled();
  const cue = { reason: "source_unavailable", errorCode: "corrupt" } as const;
  expect([0, 1, 2, 3].map((second) => named(cue, second))).toEqual(Array(4).fill("source_unavailable"));
  const before = workshop.rendered.length;
  expect(named(cue, 4)).toBe("source_unavailable");
  await settled();
  expect(named(cue, 5)).toBe("source_unavailable corrupt at 4000");
  expect(workshop.rendered.length).toBe(before + 1);
  expect(named(cue, 61)).toBe("source_unavailable corrupt at 4000");
  await settled();
  expect(named(cue, 62)).toBe(`source_unavailable corrupt at ${MINUTE_MS + 1000}`);
  // Another reason is another screen, with four seconds of its own.
  expect(named({ reason: "recovering" }, 63)).toBe("recovering");
});

test("when details cannot be painted the loop stays; they are tried again a minute later", async () => {
  const { workshop, named } = open();
  await settled();
  workshop.fails = true;
  const cue = { reason: "recovering" } as const;
  const known = workshop.rendered.length;
  for (let second = 0; second < 60; second++) {
    expect(named(cue, second)).toBe("recovering");
    await settled();
  }
  expect(workshop.rendered.length).toBe(known + 1);
  expect(workshop.reported).toHaveLength(1);
  workshop.fails = false;
  named(cue, 64);
  await settled();
  expect(named(cue, 65)).toBe("recovering at 64000");
});

test("while ffmpeg is missing a plain screen says so, and nothing is rendered", async () => {
  const workshop = new Workshop();
  workshop.problem = new AppError("ffmpeg_missing", "gone");
  const { screens, show, named } = open(workshop);
  const words = {
    title: "ffmpeg is missing",
    detail: "The programme goes on by itself as soon as it is back.",
  };
  expect(show({ reason: "recovering" }, 9).video.data).toEqual(plainScreen(format, words)[0]!.video.data);
  await settled();
  expect(workshop.rendered).toEqual([]);
  workshop.problem = undefined;
  screens.renew();
  await settled();
  expect(named({ reason: "recovering" }, 10)).toBe("recovering");
});

test("a reason that is switched off is shown as another one", async () => {
  const workshop = new Workshop();
  workshop.off.add("loading");
  const { named } = open(workshop);
  await settled();
  expect(named({ reason: "loading" })).toBe("recovering");
});

test("own words are shown at once when they were made ready; at most four of them are kept", async () => {
  const { screens, named } = open();
  await settled();
  const cue = (title: string) => ({ reason: "maintenance", title }) as const;
  expect(named(cue("A"))).toBe("plain");
  for (const title of ["A", "B", "C", "D", "E"]) await screens.prepare(cue(title));
  expect(["A", "B", "E"].map((title) => named(cue(title)))).toEqual([
    "plain",
    "maintenance B",
    "maintenance E",
  ]);
  expect(named({ reason: "maintenance" })).toBe("maintenance");
});

test("a change makes them anew, and what is on air changes with the next Gop", async () => {
  const { workshop, screens, named } = open();
  await settled();
  named({ reason: "recovering" });
  const known = workshop.rendered.length;
  screens.renew();
  await settled();
  expect(workshop.rendered.length).toBe(2 * known);
  expect(named({ reason: "recovering" })).toBe("recovering");
  screens.close();
  screens.renew();
  await settled();
  expect(workshop.rendered.length).toBe(2 * known);
});

test("the last picture is held where that is wished for, but not in place of what was never a programme", async () => {
  const workshop = new Workshop();
  workshop.holdsPicture = true;
  const { screens, named } = open(workshop);
  await settled();
  const last = syntheticGop({ format, frames: 30, firstFrame: 90 });
  const held = screens.anticipate(last);
  // Until it is there, and where it cannot be had, there is a screen.
  expect(named({ reason: "recovering" })).toBe("recovering");
  await held;
  expect(named({ reason: "source_unavailable", errorCode: "corrupt" })).toBe("held 90");
  expect(named({ reason: "off_air" })).toBe("off_air");
  expect(named({ reason: "maintenance" })).toBe("maintenance");
  screens.rest();
  expect(named({ reason: "recovering" })).toBe("recovering");
  workshop.fails = true;
  await screens.anticipate(syntheticGop({ format, frames: 30 }));
  expect(named({ reason: "recovering" })).toBe("recovering");
  expect(workshop.reported).toHaveLength(1);
});
