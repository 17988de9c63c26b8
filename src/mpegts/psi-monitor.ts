import { PID_COUNT } from "./continuity.ts";
import { crc32Mpeg } from "./crc32.ts";
import type { Findings } from "./findings.ts";
import type { PcrMonitor } from "./pcr-monitor.ts";
import { SectionReader } from "./psi-reader.ts";
import * as tables from "./psi-tables.ts";
import { Repetition } from "./repetition.ts";

/** What the packets of a PID are to the analyser. */
export const ROLE = { unreferenced: 0, referenced: 1, sections: 2, stream: 3 } as const;

const PAT_PID = 0;
const CAT_PID = 1;
const SDT_PID = 0x11;
/** PAT, CAT, NIT, SDT, EIT, TOT (ETSI EN 300 468 table 1): their sections are checked. */
const TABLE_PIDS = [PAT_PID, CAT_PID, 0x10, SDT_PID, 0x12, 0x14];
const LAST_RESERVED_PID = 0x1f;
const ATSC_BASE_PID = 0x1ffb;

const TABLE_LIMIT_MS = 500;
const TABLE_AIM_MS = 100;
const SDT_LIMIT_MS = 2000;
const SHORTEST_LONG_SECTION = 12;

/** Reads the tables of a stream (ISO/IEC 13818-1 2.4.4): the first programme of the PAT is the one analysed. */
export class PsiMonitor {
  /** A `ROLE` for every PID. */
  readonly roles = new Uint8Array(PID_COUNT);
  readonly pat: Repetition;
  readonly pmt: Repetition;
  readonly sdt: Repetition;
  pmtChanges = 0;
  catSeen = false;
  service: tables.Service | undefined;
  /** The programmes in the order of the PAT, and what the PMT of the first one says. */
  programmes: readonly tables.PatEntry[] = [];
  programme: tables.Pmt | undefined;
  readonly #findings: Findings;
  readonly #clock: PcrMonitor;
  readonly #onProgramme: (pmt: tables.Pmt) => void;
  readonly #readers = new Map<number, SectionReader>();
  readonly #patSections = new Map<number, Uint8Array>();
  readonly #pmtSections = new Map<number, Uint8Array>();
  #catPids: readonly number[] = [];

  /** `onProgramme` hears of each new PMT of the first programme. */
  constructor(findings: Findings, clock: PcrMonitor, onProgramme: (pmt: tables.Pmt) => void) {
    this.#findings = findings;
    this.#clock = clock;
    this.#onProgramme = onProgramme;
    const repetition = (check: "pat" | "pmt" | "sdt_repetition", table: string, limitMs: number) =>
      new Repetition(
        limitMs,
        (waited) =>
          findings.add(check, () => `No ${table} for ${waited.toFixed(0)} ms; the limit is ${limitMs} ms.`),
        TABLE_AIM_MS,
      );
    this.pat = repetition("pat", "PAT", TABLE_LIMIT_MS);
    this.pmt = repetition("pmt", "PMT", TABLE_LIMIT_MS);
    this.sdt = repetition("sdt_repetition", "SDT", SDT_LIMIT_MS);
    this.#assignRoles();
  }

  /** PMT PID of the analysed programme, or -1. */
  get pmtPid(): number {
    return this.programmes[0]?.pmtPid ?? -1;
  }

  /** Takes the payload of a packet whose PID has the role `sections`. */
  push(pid: number, bytes: Uint8Array, from: number, to: number, start: boolean): void {
    this.#reader(pid).push(bytes, from, to, start);
  }

  /** Packets of `pid` were lost: what was begun is not finished. */
  reset(pid: number): void {
    this.#readers.get(pid)?.reset();
  }

  /** A packet of a table is scrambled (TR 101 290 1.3a, 1.5a). */
  onScrambled(pid: number): void {
    if (pid === PAT_PID) this.#findings.add("pat", () => "The PAT is scrambled.");
    if (pid === this.pmtPid) this.#findings.add("pmt", () => "The PMT is scrambled.");
  }

  tick(nowMs: number): void {
    this.pat.expect(nowMs);
    this.pat.tick(nowMs);
    if (this.pmtPid >= 0) this.pmt.expect(nowMs);
    this.pmt.tick(nowMs);
    this.sdt.tick(nowMs);
  }

  #reader(pid: number): SectionReader {
    let reader = this.#readers.get(pid);
    if (!reader) {
      reader = new SectionReader(
        (section) => this.#onSection(pid, section),
        () => this.#findings.add("crc", () => `A section on PID ${pid} is cut short.`),
      );
      this.#readers.set(pid, reader);
    }
    return reader;
  }

  #onSection(pid: number, section: Uint8Array): void {
    const tableId = section[0]!;
    if (tableId >= tables.TABLE.tdt && tableId <= tables.TABLE.st) return; // TDT, RST, ST: no CRC_32
    if (section.length < SHORTEST_LONG_SECTION || crc32Mpeg(section) !== 0) {
      this.#findings.add("crc", () => `Wrong CRC_32 in table 0x${tableId.toString(16)} on PID ${pid}.`);
      return;
    }
    if (pid === PAT_PID) this.#onPat(tableId, section);
    else if (pid === CAT_PID) this.#onCat(tableId, section);
    else if (pid === SDT_PID) this.#onSdt(tableId, section);
    else if (tableId === tables.TABLE.pmt) this.#onPmt(pid, section);
  }

  #onPat(tableId: number, section: Uint8Array): void {
    if (tableId !== tables.TABLE.pat) {
      this.#findings.add("pat", () => `PID 0 carries table 0x${tableId.toString(16)}, which is no PAT.`);
      return;
    }
    this.pat.seen(this.#clock.streamMs);
    if (!tables.isCurrent(section)) return;
    const number = section[6]!;
    if (isEqual(this.#patSections.get(number), section)) return;
    this.#patSections.set(number, section.slice());
    this.programmes = [];
    for (let index = 0; index <= section[7]!; index++) {
      const part = this.#patSections.get(index);
      if (part) this.programmes = [...this.programmes, ...tables.readPat(part)];
    }
    for (const programNumber of this.#pmtSections.keys()) {
      if (!this.programmes.some((entry) => entry.programNumber === programNumber)) {
        this.#pmtSections.delete(programNumber);
      }
    }
    this.#assignRoles();
  }

  #onPmt(pid: number, section: Uint8Array): void {
    const programNumber = tables.tableIdExtension(section);
    const index = this.programmes.findIndex((entry) => entry.programNumber === programNumber);
    if (index < 0 || this.programmes[index]!.pmtPid !== pid) return;
    if (index === 0) this.pmt.seen(this.#clock.streamMs);
    const known = this.#pmtSections.get(programNumber);
    if (!tables.isCurrent(section) || isEqual(known, section)) return;
    this.#pmtSections.set(programNumber, section.slice());
    if (index === 0) {
      if (this.programme) this.pmtChanges += 1;
      this.programme = tables.readPmt(section);
    }
    this.#assignRoles();
    if (index === 0) this.#onProgramme(this.programme!);
  }

  #onCat(tableId: number, section: Uint8Array): void {
    if (tableId !== tables.TABLE.cat) {
      this.#findings.add("cat", () => `PID 1 carries table 0x${tableId.toString(16)}, which is no CAT.`);
      return;
    }
    this.catSeen = true;
    this.#catPids = tables.readCat(section);
    this.#assignRoles();
  }

  #onSdt(tableId: number, section: Uint8Array): void {
    if (tableId !== tables.TABLE.sdtActual) return;
    this.sdt.seen(this.#clock.streamMs);
    const serviceId = this.programmes[0]?.programNumber;
    if (serviceId !== undefined) this.service = tables.readSdtService(section, serviceId) ?? this.service;
  }

  #assignRoles(): void {
    this.roles.fill(ROLE.unreferenced);
    this.roles.fill(ROLE.referenced, 0, LAST_RESERVED_PID + 1);
    this.roles[ATSC_BASE_PID] = ROLE.referenced;
    for (const pid of this.#catPids) this.roles[pid] = ROLE.referenced;
    for (const section of this.#pmtSections.values()) this.#referPmt(tables.readPmt(section));
    for (const stream of this.programme?.streams ?? []) this.roles[stream.pid] = ROLE.stream;
    for (const pid of TABLE_PIDS) this.roles[pid] = ROLE.sections;
    for (const { pmtPid } of this.programmes) this.roles[pmtPid] = ROLE.sections;
    for (const pid of this.#readers.keys()) if (this.roles[pid] !== ROLE.sections) this.#readers.delete(pid);
  }

  #referPmt(pmt: tables.Pmt): void {
    this.roles[pmt.pcrPid] = ROLE.referenced;
    for (const stream of pmt.streams) this.roles[stream.pid] = ROLE.referenced;
    for (const pid of pmt.caPids) this.roles[pid] = ROLE.referenced;
  }
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, index) => byte === b[index]);
}
