import { constants, setPriority } from "node:os";

// What this process starts inherits it: whatever keeps a clock goes first.
setPriority(constants.priority.PRIORITY_LOW);
