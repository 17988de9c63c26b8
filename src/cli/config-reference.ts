import { CONFIG_FILE_VARIABLE, DATA_FOLDER_VARIABLE, ENVIRONMENT_KEYS } from "../config/environment.ts";
import { CONFIG_SECTIONS, type ConfigKey } from "../config/keys.ts";

const INTRODUCTION = `# Configuration

Generated from the schema by \`npm run docs\`; a test compares the two.

Everything has a default. A value is taken from the first of these that gives one: the command line, the environment, a YAML file, the default. The file is the one named with \`--config\` or \`${CONFIG_FILE_VARIABLE}\`, or \`config.yaml\` in the data folder (\`--data\` or \`${DATA_FOLDER_VARIABLE}\`, by default \`data\` in the current folder).

- \`exstreamtv config check [FILE]\` says what is wrong in it, \`config print\` what is in force and where each value comes from, \`config schema\` gives a JSON Schema for editors.
- The server reads the file again when it changes and at SIGHUP. A file with a fault changes nothing; the log says why. *Applies* says when a changed value takes effect: \`live\` at once, \`restart\` at the next start, \`later\` when the part that it belongs to has been built (until then it is checked and has no effect).
- Keys that are unknown are refused. A file has at most 64 KiB and 20 YAML aliases.
`;

/** The reference of every key as Markdown: docs/configuration.md. */
export function configReference(): string {
  const variables = new Map(Object.entries(ENVIRONMENT_KEYS).map(([name, path]) => [path.join("."), name]));
  const sections = CONFIG_SECTIONS.map(({ name, description, keys }) =>
    [
      `## \`${name}\``,
      "",
      description,
      "",
      "| key | value | default | environment | since | applies | what it does |",
      "|---|---|---|---|---|---|---|",
      ...keys.map((key) => row(key, variables.get(key.name))),
      "",
    ].join("\n"),
  );
  return [INTRODUCTION, ...sections].join("\n");
}

function row(key: ConfigKey, variable: string | undefined): string {
  const [, name] = key.path;
  const cells = [
    `\`${name}\``,
    key.type,
    key.default === "" ? "empty" : `\`${JSON.stringify(key.default).replace(/^"|"$/g, "")}\``,
    variable === undefined ? "–" : `\`${variable}\``,
    key.since,
    key.applies,
    key.description,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
