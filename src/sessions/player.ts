/** What user agents say of themselves, the particular before the general: the first that fits is it. */
const PLAYERS: readonly (readonly [player: string, pattern: RegExp])[] = [
  ["Plex", /\bplex/i],
  ["Jellyfin", /\bjellyfin/i],
  ["Emby", /\bemby/i],
  ["Channels", /\bchannels(?:[ _-]?(?:dvr|app|plus)|\/)/i],
  ["TiviMate", /\btivimate/i],
  ["Kodi", /\b(?:kodi|xbmc)\b/i],
  ["VLC", /\b(?:lib)?vlc\b/i],
  ["mpv", /\b(?:lib)?mpv\b/i],
  ["Tvheadend", /\btvheadend\b/i],
  ["Dispatcharr", /\bdispatcharr\b/i],
  ["Threadfin", /\b(?:threadfin|xteve)\b/i],
  ["IPTV Smarters", /\b(?:iptv ?)?smarters/i],
  ["Infuse", /\binfuse\b/i],
  ["Streamlink", /\bstreamlink\b/i],
  ["Apple TV", /\bapple ?tv/i],
  ["AVPlayer", /\bapplecoremedia\b/i],
  ["Roku", /\broku\b/i],
  ["ExoPlayer", /\b(?:exoplayer|androidxmedia3|media3)/i],
  ["GStreamer", /\bgstreamer\b/i],
  ["ffmpeg", /\b(?:lavf|ffmpeg|ffprobe|ffplay)\b/i],
  ["curl", /^(?:lib)?curl\b/i],
  ["Wget", /^wget2?\b/i],
  ["EXStreamTV", /\bexstreamtv\b/i],
  ["Edge", /\bedg(?:e|a|ios)?\//i],
  ["Firefox", /\b(?:firefox|fxios)\//i],
  ["Samsung TV", /\btizen\b/i],
  ["LG TV", /\bweb0s\b/i],
  ["Chrome", /\b(?:chrome|chromium|crios)\//i],
  ["Safari", /\bversion\/[\d.]+.*\bsafari\//i],
  ["Android app", /\b(?:okhttp|dalvik)\b/i],
];

/** The player behind a user agent, as people call it; undefined when it is none that is known. */
export function recognisePlayer(userAgent: string): string | undefined {
  return PLAYERS.find(([, pattern]) => pattern.test(userAgent))?.[0];
}
