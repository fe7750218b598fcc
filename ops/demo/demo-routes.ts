import { z } from 'zod'
import type { World } from '../../cluster/world.ts'
import type { HttpRoute } from '../../gateway/http.ts'
import type { IdentityCheck } from '../../gateway/identity.ts'
import { SluiceError } from '../../protocol/client/index.ts'
import { type Code, codeTable, refusal } from '../../protocol/codes.ts'
import { parseUserId } from '../../protocol/ids.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { CrowdProcess } from './crowd-process.ts'
import type { DemoShop } from './demo-shop.ts'

/** What stands behind the routes once the demo has started. */
export interface OpenDemo {
  readonly shop: DemoShop
  readonly crowd: CrowdProcess
}

interface Answer {
  readonly status: number
  readonly body: Plain
}

const guestNameLength = 12
/** As many as one process has sockets for; `sluice rush` brings no more at a time either. */
const crowdUsersMax = 20_000

const nothingSchema = z.strictObject({})
const crowdSchema = z.strictObject({ users: z.int().min(1).max(crowdUsersMax) })

/** What the shop page asks besides the protocol. `demo` is undefined while the demo is still starting. */
export function demoRoutes(world: World, identities: IdentityCheck, demo: () => OpenDemo | undefined): ReadonlyMap<string, HttpRoute> {
  const once = (use: (open: OpenDemo, body: Plain | undefined) => Answer | Promise<Answer>): HttpRoute => {
    return async (body) => {
      const open = demo()
      return open === undefined ? refused(503, 'UNAVAILABLE', 'The shop is still opening.') : use(open, body)
    }
  }
  return new Map([
    ['/demo/guest', async (body: Plain | undefined) => makeGuest(world, identities, body)],
    ['/demo/info', once(({ shop }, body) => (body === undefined ? info(world, shop) : wrongMethod))],
    ['/demo/proof', once(({ shop }, body) => (body === undefined ? proof(shop) : wrongMethod))],
    ['/demo/restart', once(({ shop }, body) => restart(shop, body))],
    ['/demo/rush', once((open, body) => (body === undefined ? { status: 200, body: open.crowd.report() } : startRush(open, body)))],
  ])
}

function makeGuest(world: World, identities: IdentityCheck, body: Plain | undefined): Answer {
  if (body === undefined) return wrongMethod
  if (!nothingSchema.safeParse(body).success) return refused(400, 'MALFORMED', 'The body must be {}.')
  const user = parseUserId(`guest-${world.random.id(guestNameLength)}`)
  if (user === undefined) throw new Error('a name made for a guest is no user id')
  return { status: 200, body: { user, token: identities.guestToken(user) } }
}

function info(world: World, shop: DemoShop): Answer {
  return { status: 200, body: { demo: true, sale: shop.sale, skus: [...shop.skus], assetBase: '/', now: world.clock.now() } }
}

async function proof(shop: DemoShop): Promise<Answer> {
  try {
    const whole = await shop.proof()
    return whole === undefined ? refused(404, 'UNKNOWN_SKU', 'Nothing is drawn in this sale.') : { status: 200, body: whole }
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    return refused(codeTable[error.code].status, error.code, error.message)
  }
}

async function restart(shop: DemoShop, body: Plain | undefined): Promise<Answer> {
  if (body === undefined) return wrongMethod
  if (!nothingSchema.safeParse(body).success) return refused(400, 'MALFORMED', 'The body must be {}.')
  if (await shop.next()) return { status: 200, body: { sale: shop.sale } }
  return refused(409, 'FORBIDDEN', 'This sale is not over yet.')
}

function startRush({ shop, crowd }: OpenDemo, body: Plain): Answer {
  const asked = crowdSchema.safeParse(body)
  if (!asked.success) return refused(400, 'MALFORMED', `users must be a whole number from 1 to ${crowdUsersMax}.`)
  if (crowd.isRunning) return refused(409, 'BUSY', 'A crowd is in the shop already; wait until it is done.')
  crowd.start(asked.data.users, shop.sale)
  return { status: 202, body: crowd.report() }
}

const wrongMethod = refused(405, 'UNKNOWN_METHOD', 'This address takes another HTTP method.')

function refused(status: number, code: Code, message: string): Answer {
  return { status, body: { error: { ...refusal(code, message) } } }
}
