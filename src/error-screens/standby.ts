import { AppError } from "../base/errors.ts";
import type { Gop } from "../media/gop.ts";
import type { HouseFormat } from "../media/house-format.ts";
import { writeCard } from "../source/cards.ts";
import { encoderCommand } from "../source/encoder-command.ts";
import { EncoderSource } from "../source/encoder-source.ts";
import type { EncoderSurroundings } from "../source/open-encoder.ts";

const GOPS = 2;

/**
 * Renders the standby picture of a house format: Gops to be shown in a loop, from memory and with stored silence,
 * whenever no source delivers in time. Throws when ffmpeg cannot make it: then it could not play anything else.
 */
export async function renderStandby(surroundings: EncoderSurroundings, format: HouseFormat): Promise<Gop[]> {
  const { width, height, fps } = format;
  const name = `standby-${width}x${height}-${fps.num}-${fps.den}`;
  const picture = await writeCard(
    surroundings.folder,
    name,
    "We’ll be right back",
    "The programme goes on shortly",
  );
  const frames = GOPS * format.gopFrames;
  const command = encoderCommand({ picture }, { frames, startFrame: 0, audioPhase: 0 }, format);
  const source = new EncoderSource({ ...surroundings, command, frames, format });
  try {
    const gops: Gop[] = [];
    for (let gop = await source.next(); gop; gop = await source.next()) gops.push(withoutSound(gop));
    if (gops.length === 0) throw new AppError("encoder_failed", "ffmpeg made no standby picture");
    return gops;
  } finally {
    await source.close();
  }
}

function withoutSound(gop: Gop): Gop {
  const audio = { data: new Uint8Array(0), offsets: new Uint32Array(0), sizes: new Uint32Array(0) };
  return { ...gop, firstFrame: 0, firstAudioFrame: 0, audio };
}
