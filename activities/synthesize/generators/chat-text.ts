import { hasMarker, neutralise } from '../protocol/markers.ts';

/** Between these a chat prompt shows a text of the corpus. */
export const OPEN = '<source_text>';
export const CLOSE = '</source_text>';

/**
 * What may end a text or a turn: our own marks in any spelling (either case, blanks, slashes and hyphens anywhere in them),
 * and the control tokens of the usual chat templates, which many servers know in a message's content too.
 */
const CONTROL =
  /<(?=[|\uff5c]|[ \t\r\n\u00a0/]*source[ \t\r\n\u00a0_-]*text|\/?(?:bos|eos|pad|unk|think|tool_call|start_of_turn|end_of_turn)>|<\/?sys>>)|\[(?=\/?(?:inst|system_prompt|available_tools|tool_calls|tool_results)\])/gi;

/** The same signs to a reader, and of no token: U+2039 and U+FF3B. */
const HARMLESS = { '<': '\u2039', '[': '\uff3b' };

/** A text with everything made harmless by which it could end itself or its turn. For prompts only. Idempotent. */
export function harmless(text: string): string {
  return neutralise(text).replace(CONTROL, (sign) => HARMLESS[sign as keyof typeof HARMLESS]);
}

/** Whether a text holds a mark of a prompt, of either protocol, or a control token. */
export function hasControl(text: string): boolean {
  return hasMarker(text) || text.search(CONTROL) >= 0;
}

/** A text of the corpus as a chat prompt shows it. */
export function delimited(text: string): string {
  return `${OPEN}\n${harmless(text)}\n${CLOSE}`;
}
