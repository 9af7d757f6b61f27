/** Bytes of a pre-token that is kept; longer ones are made anew each time. */
export const LONGEST: usize = 64;
/** Bytes of a pre-token that is its own key. */
export const SHORT: usize = 15;
/** Places of the table, bytes of longer words and ids of words of many tokens that are kept at most: 12 MB in all. */
export const PLACES_LOG2: u64 = 18;
export const PLACE_BYTES: usize = 32;
export const ARENA_BYTES: usize = 1 << 21;
export const LIST_IDS: usize = 1 << 19;

/** Bytes that must be behind a text, so that it can be read sixteen bytes at a time; tokens that are written at once, though fewer may be meant. */
export const SLACK: usize = 16;
export const SPARE_TOKENS: usize = 4;

// Where things lie in the memory; before it is what the compiler puts there.
/** Kinds of first bytes, and of classes behind them, as the patterns see them that tell no cases apart, and the others. */
export const PLAIN: usize = 4096;
export const CASED: usize = PLAIN + 512;
/** For each number of bytes up to fifteen a mask that leaves so many. */
export const MASKS: usize = CASED + 512;
/** For two letters, all behind ASCII being one, whether a merge has them side by side. */
export const PAIRS: usize = MASKS + 512;
/** The symbol of each byte that has one whatever stands beside it, else -1. */
export const BYTE_IDS: usize = PAIRS + (0x81 << 8);
/** What `mergeFew` keeps of each pair. */
export const RANKS: usize = BYTE_IDS + 1024;
export const MERGES: usize = RANKS + (LONGEST << 2);
/** The class of each code point. */
export const CLASSES: usize = MERGES + (LONGEST << 2);
export const TABLE: usize = (CLASSES + 0x110000 + 63) & ~63;
export const ARENA: usize = TABLE + (PLACE_BYTES << (<usize>PLACES_LOG2));
export const LISTS: usize = ARENA + ARENA_BYTES;
/** What differs by tokenizer and text: merges, bytes behind each id, texts, ids, ends. */
export const FREE: usize = (LISTS + (LIST_IDS << 2) + 63) & ~63;
