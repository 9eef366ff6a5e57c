// Draws that look like chance and are the same for the same words: seeded("output_size", 1, 0, 3).
export function seeded(...words) {
  let state = 2166136261; // FNV-1a turns the words into a start, mulberry32 goes on from there
  for (const letter of words.join("|")) state = Math.imul(state ^ letter.codePointAt(0), 16777619);

  function next() {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  const below = (count) => Math.floor(next() * count);
  return {
    below,
    pick: (list) => list[below(list.length)],
    chance: (share) => next() < share,
    shuffled(list) {
      const mixed = [...list];
      for (let i = mixed.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
      }
      return mixed;
    },
  };
}
