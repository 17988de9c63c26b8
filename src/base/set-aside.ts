import { access, rename } from "node:fs/promises";

/** Renames a damaged file to `<path>.corrupt-<n>`, so that nothing is lost; returns its new path. */
export async function setAside(path: string): Promise<string> {
  for (let number = 1; ; number++) {
    const aside = `${path}.corrupt-${number}`;
    if (await exists(aside)) continue;
    await rename(path, aside);
    return aside;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
