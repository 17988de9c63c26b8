/** Variables that a build of ffmpeg may need: where programs, libraries, fonts and graphics drivers are. */
const PASSED_ON =
  /^(PATH|HOME|TMPDIR|LD_LIBRARY_PATH|DYLD_.*|XDG_RUNTIME_DIR|FONTCONFIG_.*|LIBVA_.*|CUDA_.*|NVIDIA_.*)$/;

/** Holds the mark by which a later server knows the children of an earlier one, see `orphans.ts`. */
export const OWNER_VARIABLE = "EXSTREAMTV_OWNER";

/**
 * The environment of a child process: nothing of the server's own (tokens, passwords), messages in English, and
 * its owner's mark.
 */
export function childEnvironment(env: NodeJS.ProcessEnv, mark?: string): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && PASSED_ON.test(name)) passed[name] = value;
  }
  if (mark !== undefined) passed[OWNER_VARIABLE] = mark;
  return { ...passed, LC_ALL: "C", AV_LOG_FORCE_NOCOLOR: "1" };
}
