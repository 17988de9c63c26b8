import { makeTortureFolder } from "../test/support/torture.ts";

const [folder] = process.argv.slice(2);
if (!folder) {
  process.stderr.write("usage: node scripts/make-torture.ts FOLDER\n");
  process.exit(2);
}
const { good, broken } = await makeTortureFolder(folder);
for (const file of good) process.stdout.write(`plays ${file.seconds} s: ${file.path}\n`);
for (const file of broken) process.stdout.write(`broken: ${file.path}\n`);
