// What crosses the boundary, as wit/birth-policy/0.1 defines it and as the
// bindings of the engine pass it: lists of numbers are typed arrays.

export type SettingValue =
  | { tag: 'text'; val: string }
  | { tag: 'integer'; val: bigint }
  | { tag: 'truth'; val: boolean }
  | { tag: 'texts'; val: string[] };

export interface Setting {
  key: string;
  value: SettingValue;
}

export interface SettingProblem {
  key: string;
  problem: string;
}

export type Severity = 'note' | 'warning' | 'finding';

export interface ReasonKind {
  code: string;
  severity: Severity;
  message: string;
}

export interface Description {
  name: string;
  version: string;
  reasons: ReasonKind[];
}

export interface Verdicts {
  subject: Uint32Array;
  status: Uint8Array;
  scope: Uint8Array;
  score: Int32Array;
  reasonStart: Uint32Array;
  reasonKind: Uint16Array;
  reasonWeight: Int32Array;
  reasonText: Uint32Array;
  reasonNumber: BigInt64Array;
}

export interface Batch {
  text: { heap: string; ends: Uint32Array };
  storageReady: boolean;
  now: bigint;
  collections: {
    key: Uint32Array;
    role: Uint32Array;
    schema: Uint32Array;
    name: Uint32Array;
    kind: Uint8Array;
    coverageStatus: Uint32Array;
    scopeStatus: Uint32Array;
    exemptionReason: Uint32Array;
    reviewOwner: Uint32Array;
    decidedAt: BigInt64Array;
    decidedBy: Uint32Array;
    speciesMappings: Uint32Array;
  };
  triggers: {
    start: Uint32Array;
    name: Uint32Array;
    function: Uint32Array;
    type: Uint8Array;
    bits: Uint16Array;
    enabled: Uint8Array;
  };
}

/** What a function of the interface throws to answer with its error. */
export type PolicyError =
  | { tag: 'settings'; val: SettingProblem[] }
  | { tag: 'malformed'; val: string };

/** The symbol that says that there is no text. */
export const NO_TEXT = 0xffff_ffff;

/** The time that says that there is none. */
export const NO_TIME = -(2n ** 63n);
