// Text as the other plugins see it. This language's trim() and toLowerCase()
// differ: one by U+0085 and U+FEFF, the other by a sigma at the end of a word.
// Fuel is spent on what is looked at, so a long text is looked at from its ends.

const SPACES = new Set(
  '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
);

/** Without the white space of Unicode at both ends. */
export function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && SPACES.has(text[from]!)) {
    from += 1;
  }
  while (to > from && SPACES.has(text[to - 1]!)) {
    to -= 1;
  }
  return text.slice(from, to);
}

/** Whether there is white space at an end. */
export function isSpaced(text: string): boolean {
  return trimmed(text) !== text;
}

/** Letter for letter in lower case. */
export function lower(text: string): string {
  return Array.from(text, (letter) => letter.toLowerCase()).join('');
}

/** Words that a text may be, but for padding and case. */
export class Words {
  readonly #words: Set<string>;
  readonly #longest: number;

  constructor(words: Iterable<string>) {
    this.#words = new Set(words);
    this.#longest = Math.max(0, ...Array.from(this.#words, (word) => word.length));
  }

  has(text: string): boolean {
    const bare = trimmed(text);
    // No letter is shorter in lower case.
    return bare.length <= this.#longest && this.#words.has(lower(bare));
  }
}
