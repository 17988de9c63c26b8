/** Variables that a build of ffmpeg may need: where programs, libraries, fonts and graphics drivers are. */
const PASSED_ON =
  /^(PATH|HOME|TMPDIR|LD_LIBRARY_PATH|DYLD_.*|XDG_RUNTIME_DIR|FONTCONFIG_.*|LIBVA_.*|CUDA_.*|NVIDIA_.*)$/;

/** The environment of a child process: nothing of the server's own (tokens, passwords), messages in English. */
export function childEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && PASSED_ON.test(name)) passed[name] = value;
  }
  return { ...passed, LC_ALL: "C", AV_LOG_FORCE_NOCOLOR: "1" };
}
