import { createSigner } from 'fast-jwt'
import { z } from 'zod'
import { StartFault } from '../start-fault.ts'
import type { Ticket } from './crowd.ts'

/** Makes a shopper somebody whom the server knows. */
export type Tokens = (user: string) => Promise<Ticket>

const lifeMs = 3_600_000
const guestSchema = z.object({ user: z.string(), token: z.string() })

/** Tokens signed with the server's own secret. */
export function signedTokens(jwtSecret: string): Tokens {
  const sign = createSigner({ key: jwtSecret, algorithm: 'HS256', expiresIn: lifeMs })
  return async (user) => ({ user, token: sign({ sub: user }) })
}

/** Guests of a demo, named by it. `web` is the server's http address. Rejects with a {@link StartFault} if it takes none. */
export function guestTokens(web: URL): Tokens {
  return async () => {
    const response = await post(new URL('/demo/guest', web), '{}')
    if (!response.ok) throw new StartFault(`${web.origin} takes no guests (status ${response.status})`)
    return guestSchema.parse(await response.json())
  }
}

/**
 * The first of these tokens that the server takes. Throws a {@link StartFault} if there is none: thousands of refused connections would say less.
 */
export async function acceptedTokens(web: URL, jwtSecret: string | undefined, secretFrom: string): Promise<Tokens> {
  if (jwtSecret !== undefined) {
    const tokens = signedTokens(jwtSecret)
    if (await isAccepted(web, tokens)) return tokens
  }
  const guests = guestTokens(web)
  const response = await post(new URL('/demo/guest', web), '{}')
  if (response.ok) return guests
  const why = jwtSecret === undefined ? 'has no secret' : 'has the secret of another server'
  throw new StartFault(
    `the shoppers cannot say who they are: ${secretFrom} ${why}, and ${web.origin} is no demo; --data-folder names the server's`,
  )
}

async function isAccepted(web: URL, tokens: Tokens): Promise<boolean> {
  const { token } = await tokens('crowd-probe')
  const response = await post(new URL('/v1/call/resume', web), '[]', token)
  return response.status !== 401
}

async function post(url: URL, body: string, token?: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  try {
    return await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(10_000) })
  } catch (error) {
    throw new StartFault(`no web server answers on ${url.origin}; is it running? --url names another`, error)
  }
}
