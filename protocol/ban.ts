import { frameKind, frameVersion } from './frame.ts'

/** A user, or everyone of a range of addresses, whom operators keep out. */
export interface Ban {
  readonly kind: 'user' | 'range'
  /** The user's id; or a range such as `203.0.113.0/24`, in the one form that it has. */
  readonly target: string
  /** ms since 1970; null for good. */
  readonly until: number | null
  readonly reason: string
  readonly bannedAt: number
}

/** Bans at a time; all gateways keep all of them in memory. */
export const bansMax = 10_000
export const banReasonCharactersMax = 200

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** Tells gateways which version of the bans is kept. It carries none of them: they are read from where they are kept. */
export function encodeBansNews(version: string): Uint8Array {
  return Uint8Array.of(frameVersion, frameKind.bans, ...utf8.encode(version))
}

/** Undefined for a frame of another kind or version. */
export function decodeBansNews(frame: Uint8Array): string | undefined {
  return frame[0] === frameVersion && frame[1] === frameKind.bans ? text.decode(frame.subarray(2)) : undefined
}
