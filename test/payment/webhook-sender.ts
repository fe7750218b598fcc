import { signedText } from './provider-server.ts'

/** What is wrong with a webhook that is sent. */
export interface WebhookWish {
  readonly url: string
  readonly secret: string
  readonly body: string
  /** When it says that it was sent; now if absent. */
  readonly at?: number
  /** Sent in place of the right signature. */
  readonly signature?: string
}

/** Sends a webhook as docs/payment-provider.md says, and resolves with the status of the answer. */
export async function sendWebhook({ url, secret, body, at = Date.now(), signature }: WebhookWish): Promise<number> {
  const signed = signature ?? signedText(secret, `${at}\nPOST\n${new URL(url).pathname}\n\n`, body)
  const headers = { 'content-type': 'application/json', 'sluice-timestamp': String(at), 'sluice-signature': signed }
  const response = await fetch(url, { method: 'POST', headers, body })
  await response.arrayBuffer()
  return response.status
}
