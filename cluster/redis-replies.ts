/**
 * What Redis answers is bytes, numbers, nothing or lists of these. Each of these functions takes an answer for what it should be; one that is
 * something else is a bug, for all of them are answers to our own scripts and to commands with a fixed form.
 */
export function bytesReply(reply: unknown): Buffer {
  if (!Buffer.isBuffer(reply)) throw unexpected(reply, 'bytes')
  return reply
}

export function optionalBytesReply(reply: unknown): Buffer | undefined {
  return reply === null ? undefined : bytesReply(reply)
}

export function textReply(reply: unknown): string {
  return bytesReply(reply).toString()
}

export function optionalTextReply(reply: unknown): string | undefined {
  return reply === null ? undefined : textReply(reply)
}

export function numberReply(reply: unknown): number {
  if (typeof reply === 'number') return reply
  const number = Number(textReply(reply))
  if (!Number.isSafeInteger(number)) throw unexpected(reply, 'a number')
  return number
}

export function listReply(reply: unknown): readonly unknown[] {
  if (!Array.isArray(reply)) throw unexpected(reply, 'a list')
  return reply
}

/** `name, value, name, value, ...` */
export function fieldsReply(reply: unknown): ReadonlyMap<string, string> {
  const list = listReply(reply)
  const fields = new Map<string, string>()
  for (let i = 0; i + 1 < list.length; i += 2) fields.set(textReply(list[i]), textReply(list[i + 1]))
  return fields
}

function unexpected(reply: unknown, wanted: string): Error {
  const kind = reply === null ? 'nothing' : Array.isArray(reply) ? 'a list' : Buffer.isBuffer(reply) ? 'bytes' : typeof reply
  return new Error(`Redis answered ${kind} where ${wanted} was expected`)
}
