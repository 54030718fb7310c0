/** The port Notifier over a webhook that takes Slack's simplest message: `{"text": …}`. Mattermost and many others do. */
import { unknown } from '../../core/model/read.ts';
import type { HttpSend } from '../http/http.ts';
import type { Notifier } from '../../ports.ts';

export interface WebhookOptions {
  readonly send: HttpSend;
  /** Its address is a secret: it allows writing to the channel. Read before each message. */
  readonly url: () => Promise<string>;
  readonly timeoutMs: number;
}

/** Escapes Slack's markup: a reason must not mention a channel. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Sends once: a message that seemed to fail may have arrived. No failure contains the address or the answer. */
export const webhookAt = ({ send, url, timeoutMs }: WebhookOptions): Notifier => ({
  send: async (text) => {
    try {
      const address = new URL(await url());
      const body = JSON.stringify({ text: escaped(text) });
      const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
      const { status } = await send({ method: 'POST', url: address, headers, body, timeoutMs });
      return status >= 200 && status < 300 ? { kind: 'sent' } : unknown(`the webhook answers ${status}`);
    } catch (error) {
      return unknown(`the webhook does not answer (${codeOf(error)})`);
    }
  },
});

/** Only the code of a system call: a message may quote the address. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'it failed';
}
