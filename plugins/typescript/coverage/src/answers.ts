// One answer for every subject of a batch, with its reasons.

import type { Text } from './facts.ts';
import { type Code, idOf, isFinding } from './reasons.ts';
import { NO_TEXT, type Verdicts } from './wire.ts';

export class Answers {
  #status: number[] = [];
  #start = [0];
  #kind: number[] = [];
  #text: number[] = [];
  #number: bigint[] = [];

  /** Gives a reason for the subject that is not answered yet. */
  give(code: Code, text?: Text, number = 0n) {
    this.#kind.push(idOf(code));
    this.#text.push(text?.symbol ?? NO_TEXT);
    this.#number.push(number);
  }

  /** Whether a finding was given for the subject that is not answered yet. */
  get hasFinding(): boolean {
    return this.#kind.slice(this.#start.at(-1)).some(isFinding);
  }

  /** Answers the next subject. */
  answer(status: number) {
    this.#status.push(status);
    this.#start.push(this.#kind.length);
  }

  verdicts(): Verdicts {
    const subjects = this.#status.length;
    return {
      subject: Uint32Array.from({ length: subjects }, (_, at) => at),
      status: Uint8Array.from(this.#status),
      scope: new Uint8Array(subjects),
      score: new Int32Array(subjects),
      reasonStart: Uint32Array.from(this.#start),
      reasonKind: Uint16Array.from(this.#kind),
      reasonWeight: new Int32Array(this.#kind.length),
      reasonText: Uint32Array.from(this.#text),
      reasonNumber: BigInt64Array.from(this.#number),
    };
  }
}
