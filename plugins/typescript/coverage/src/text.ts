// Text as the other plugins see it. This language's trim() and toLowerCase()
// differ: one by U+0085 and U+FEFF, the other by a sigma at the end of a word.

const SPACE = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const AROUND = new RegExp(`^${SPACE}+|${SPACE}+$`, 'gu');

/** Without the white space of Unicode at both ends. */
export function trimmed(text: string): string {
  return text.replace(AROUND, '');
}

/** Whether there is white space at an end. */
export function isSpaced(text: string): boolean {
  return trimmed(text) !== text;
}

/** Letter for letter in lower case. */
export function lower(text: string): string {
  return Array.from(text, (letter) => letter.toLowerCase()).join('');
}
