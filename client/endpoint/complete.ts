import { hasMarker, MARK } from '../../activities/synthesize/protocol/markers.ts';
import { pairText } from '../../activities/synthesize/protocol/prompt.ts';
import { minePairs } from '../../activities/synthesize/rules/mine.ts';
import { countTokens, cutTokens } from './tokens.ts';

export interface Completion {
  text: string;
  finish: 'stop' | 'length';
  promptTokens: number;
  completionTokens: number;
}

export interface CompletionLimits {
  /** New tokens at most. */
  maxTokens: number;
  /** Strings that end the completion; they are not part of it. */
  stop: readonly string[];
}

/**
 * Completes a prompt of the tag protocol: pairs mined from its last context by rules, as the instruction synthesizer
 * would write them. The same prompt always gives the same text; one without a context gives an empty one.
 */
export function complete(prompt: string, limits: CompletionLimits): Completion {
  const whole = answer(lastContext(prompt));
  const written = cutTokens(whole, limits.maxTokens);
  const stops = limits.stop.map((stop) => written.indexOf(stop)).filter((at) => at >= 0);
  const text = stops.length > 0 ? written.slice(0, Math.min(...stops)) : written;
  const finish = stops.length > 0 || written.length === whole.length ? 'stop' : 'length';
  return { text, finish, promptTokens: countTokens(prompt), completionTokens: countTokens(text) };
}

/** The text of a prompt's last context block. */
export function lastContext(prompt: string): string {
  const start = prompt.lastIndexOf(MARK.context);
  if (start < 0) return '';
  const rest = prompt.slice(start + MARK.context.length);
  const end = rest.indexOf(MARK.contextEnd);
  return (end < 0 ? rest : rest.slice(0, end)).trim();
}

function answer(context: string): string {
  const written = minePairs(context)
    .filter((pair) => !hasMarker(pair.question + pair.answer))
    .map(pairText);
  return written.length === 0 ? '' : ` ${written.join('\n\n')}`;
}
