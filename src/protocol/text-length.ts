/** The bytes of a text in UTF-8, counted without encoding it. A lone surrogate counts as U+FFFD, which it is sent as: three bytes. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // The two units of a pair make four bytes together, so the second adds none.
    if (isPair(text, at)) at++;
  }
  return bytes;
}

/** The Unicode characters (code points) of a text. A lone surrogate counts as one. */
export function characterCount(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at++) {
    if (!isPair(text, at)) continue;
    count--;
    at++;
  }
  return count;
}

/** Whether a surrogate pair begins here. */
function isPair(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
}
