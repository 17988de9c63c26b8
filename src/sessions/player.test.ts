import fc from "fast-check";
import { expect, test } from "vitest";
import { recognisePlayer } from "./player.ts";

test.each([
  ["VLC/3.0.18 LibVLC/3.0.18", "VLC"],
  ["Kodi/20.1 (X11; Linux x86_64) App_Bitness/64 Version/20.1-Nexus-Debian", "Kodi"],
  ["libmpv", "mpv"],
  ["mpv 0.35.1", "mpv"],
  ["Lavf/59.27.100", "ffmpeg"],
  ["PlexMediaServer/1.40.2", "Plex"],
  ["Jellyfin-Server/10.9.6", "Jellyfin"],
  ["Emby/4.8", "Emby"],
  ["TiviMate/5.0.4", "TiviMate"],
  ["Channels DVR/2024.05", "Channels"],
  ["ChannelsDVR", "Channels"],
  ["TVHeadend/4.3-2180", "Tvheadend"],
  ["AppleCoreMedia/1.0.0.21L227 (Apple TV; U; CPU OS 17_4 like Mac OS X; en_us)", "Apple TV"],
  ["AppleCoreMedia/1.0.0.20H19 (iPhone; U; CPU OS 16_1 like Mac OS X; de_de)", "AVPlayer"],
  ["GStreamer souphttpsrc 1.22.0 libsoup/3.2.2", "GStreamer"],
  ["curl/7.88.1", "curl"],
  ["Wget/1.21.3", "Wget"],
  ["ExoPlayerLib/2.18.7", "ExoPlayer"],
  ["MyApp/1.0 (Linux;Android 14) AndroidXMedia3/1.3.1", "ExoPlayer"],
  ["okhttp/4.12.0", "Android app"],
  ["Roku/DVP-12.5 (12.5.0.4178-C2)", "Roku"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0", "Firefox"],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36",
    "Chrome",
  ],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36 Edg/125.0.0.0",
    "Edge",
  ],
  [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
    "Safari",
  ],
  [
    "Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/7.0 TV Safari/538.1",
    "Samsung TV",
  ],
])("%s is %s", (userAgent, player) => {
  expect(recognisePlayer(userAgent)).toBe(player);
});

test.each(["", "SomethingElse/1.0", "television channels of mine", "myplexus"])(
  "%j is nobody",
  (userAgent) => {
    expect(recognisePlayer(userAgent)).toBeUndefined();
  },
);

test("takes any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void recognisePlayer(text)));
});
