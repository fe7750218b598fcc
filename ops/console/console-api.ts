import type { World } from '../../cluster/world.ts'
import type { Identity } from '../../gateway/identity.ts'
import type { InnerCalls } from '../../gateway/inner-calls.ts'
import { parseSaleId, parseSkuId, parseUserId } from '../../protocol/ids.ts'
import { Malformed } from '../../protocol/msgpack-reader.ts'
import { checkSale } from '../../protocol/sale-problems.ts'
import { settingsOfSale, type SkuSettings } from '../../protocol/sku-settings.ts'
import { type DeadOrderDesk, listDead, retryDead } from '../dead-order-routes.ts'
import type { JourneyThread, NoJourney } from '../journey-thread.ts'
import { outcomeNames, stepText } from '../journey/journey-words.ts'
import type { UserJourney } from '../journey/user-journey.ts'
import type { OpsAnswer, OpsRequest } from '../ops-routes.ts'
import type { CheckedFile, ToldJourney } from './answers.ts'
import { ConsoleLogin } from './console-login.ts'
import {
  bodyOf,
  hasToken,
  isChangeFromHere,
  isFromHere,
  json,
  jsonText,
  queryOf,
  refused,
  refusedBy,
  sessionCookie,
  sessionIdOf,
} from './console-request.ts'
import { type ConsoleSession, ConsoleSessions } from './console-sessions.ts'
import type { LiveBoard } from './live-board.ts'

export interface ConsoleApiParts {
  readonly world: World
  /** Which keys count, now. */
  readonly identities: { ofKey(key: string): Identity; stands(identity: Identity): boolean }
  readonly calls: Pick<InnerCalls, 'call'>
  readonly board: Pick<LiveBoard, 'look' | 'forget'>
  /** Of the SKUs that name the sale. */
  readonly settingsOf: (sale: string) => readonly SkuSettings[]
  readonly journeys: Pick<JourneyThread, 'read'>
  /** Undefined where this process does not have the role `orders`. */
  readonly dead: DeadOrderDesk | undefined
}

export const apiPath = '/console/api/'
const callPrefix = 'call/'
/** Of all consoles of this process together; a page asks one thing after the other. */
const callsAtOnceMax = 16

/**
 * What the console's page asks. Whoever signs in with an operator's key gets a cookie and a token; every question needs the cookie, every change also the token and an origin that is
 * this one. Changes themselves are the methods that every operator's client calls, by the same dispatcher.
 */
export class ConsoleApi {
  readonly sessions: ConsoleSessions
  private readonly parts: ConsoleApiParts
  private readonly login: ConsoleLogin
  private callsUnderWay = 0

  constructor(parts: ConsoleApiParts) {
    const { clock, random } = parts.world
    this.parts = parts
    this.sessions = new ConsoleSessions(clock, random)
    this.login = new ConsoleLogin({ world: parts.world, identities: parts.identities })
  }

  async answer(request: OpsRequest): Promise<OpsAnswer> {
    const name = (request.path.split('?', 1)[0] ?? '').slice(apiPath.length)
    try {
      if (request.method === 'GET') return await this.read(name, request)
      if (request.method === 'POST') return await this.change(name, request)
    } catch (error) {
      if (error instanceof Malformed) return refused('MALFORMED', error.message)
      throw error
    }
    return { status: 405, text: 'only GET and POST\n', headers: { allow: 'GET, POST' } }
  }

  private async read(name: string, request: OpsRequest): Promise<OpsAnswer> {
    if (!isFromHere(request)) return refused('FORBIDDEN', foreign)
    const id = sessionIdOf(request)
    const session = this.sessionOf(id)
    // The page's first question, which has an answer for everybody.
    if (name === 'session') return json({ token: session?.token ?? null })
    if (session === undefined) return refused('UNAUTHORIZED', signedOut)
    const query = queryOf(request)
    switch (name) {
      case 'live':
        // The page says when its person did something; that it asks is no sign of anybody.
        if (query.get('seen') === '1') this.sessions.touch(id)
        return jsonText(`{"endsInMs":${Math.round(this.sessions.endsInMs(id))},"board":${this.parts.board.look()}}`)
      case 'sale':
        return this.sale(query.get('sale') ?? '')
      case 'journey':
        this.sessions.touch(id)
        return this.journey(query)
      case 'dead-orders':
        return this.deadOrders()
      default:
        return refused('UNKNOWN_METHOD', 'The console has no such question.')
    }
  }

  private async change(name: string, request: OpsRequest): Promise<OpsAnswer> {
    if (!isChangeFromHere(request)) return refused('FORBIDDEN', foreign)
    if (name === 'login') return this.signIn(request)
    const id = sessionIdOf(request)
    const session = this.sessionOf(id)
    if (session === undefined) return refused('UNAUTHORIZED', signedOut)
    if (!hasToken(request, session.token)) return refused('FORBIDDEN', 'The token of this session is missing or wrong.')
    this.sessions.touch(id)
    if (name === 'logout') {
      this.sessions.close(id)
      return json({}, { 'set-cookie': sessionCookie(request, '') })
    }
    if (name === 'check-sale') return checked(bodyOf(request))
    if (name === 'retry-dead') return this.retry(session, request)
    if (name.startsWith(callPrefix)) return this.call(session, name.slice(callPrefix.length), request)
    return refused('UNKNOWN_METHOD', 'The console cannot do that.')
  }

  /** Whoever's key was withdrawn is out. */
  private sessionOf(id: string): ConsoleSession | undefined {
    const session = this.sessions.find(id)
    if (session === undefined || this.parts.identities.stands(session.identity)) return session
    this.sessions.close(id)
    return undefined
  }

  private signIn(request: OpsRequest): OpsAnswer {
    const known = this.login.identify(request.address, bodyOf(request))
    if ('error' in known) return refusedBy(known.error)
    const { id, session } = this.sessions.open(known.identity)
    this.parts.world.log.info({ address: request.address }, 'an operator signed in to the console')
    return json({ token: session.token }, { 'set-cookie': sessionCookie(request, id) })
  }

  private async call({ identity }: ConsoleSession, method: string, request: OpsRequest): Promise<OpsAnswer> {
    const params = bodyOf(request)
    if (!Array.isArray(params)) return refused('MALFORMED', 'The body must be a JSON array of params.')
    if (this.callsUnderWay >= callsAtOnceMax) return refused('BUSY', undefined, busyRetryMs)
    this.callsUnderWay++
    try {
      const answer = await this.parts.calls.call({ identity, address: request.address }, method, params)
      return answer.error === null ? json({ result: answer.result }) : refusedBy(answer.error)
    } finally {
      this.callsUnderWay--
      this.parts.board.forget()
    }
  }

  private sale(text: string): OpsAnswer {
    const sale = parseSaleId(text)
    const settings = sale === undefined ? [] : this.parts.settingsOf(sale)
    return settings.length === 0 ? refused('UNKNOWN_SALE') : json({ settings })
  }

  private async journey(query: URLSearchParams): Promise<OpsAnswer> {
    const user = parseUserId(query.get('user') ?? '')
    if (user === undefined) return refused('MALFORMED', 'user must be 1 to 64 bytes without control characters')
    const wished = query.get('sku') ?? ''
    const sku = wished === '' ? undefined : parseSkuId(wished)
    if (wished !== '' && sku === undefined) return refused('MALFORMED', 'sku must be 1 to 48 letters, digits, dots, dashes or underscores')
    const journey = await this.parts.journeys.read(user, sku)
    return typeof journey === 'string' ? noJourney[journey]() : json({ journey: told(journey) })
  }

  private async deadOrders(): Promise<OpsAnswer> {
    const { dead } = this.parts
    return json({ orders: dead === undefined ? null : await listDead(dead) })
  }

  private async retry({ identity }: ConsoleSession, { address, body }: OpsRequest): Promise<OpsAnswer> {
    const { dead } = this.parts
    if (dead === undefined) return refused('FORBIDDEN', 'This process does not have the role orders.')
    const answer = await retryDead(dead, { who: identity.key, address }, body)
    if (answer === undefined) return refused('MALFORMED', 'The body says which orders.')
    return answer.status === 200 ? jsonText(String(answer.text)) : refused('UNAVAILABLE', String(answer.text).trim())
  }
}

/** What `sale.create` would make of it, with defaults filled in, or the problems that it would name. */
function checked(file: ReturnType<typeof bodyOf>): OpsAnswer {
  const result = checkSale(file)
  const answer: CheckedFile = result.kind === 'problems' ? result : { ...result, settings: settingsOfSale(result.sale) }
  return json(answer)
}

/** With the words that the command line has for it. */
function told(journey: UserJourney): ToldJourney {
  const skus = journey.skus.map((sku) => ({ ...sku, outcomeText: outcomeNames[sku.outcome], stepTexts: sku.steps.map(stepText) }))
  return { ...journey, skus }
}

const foreign = 'This request does not come from a page of this console.'
const signedOut = 'Sign in first: there is no session, or it has ended.'
const busyRetryMs = 500
const journeyRetryMs = 2_000

const noJourney: Readonly<Record<NoJourney, () => OpsAnswer>> = {
  busy: () => refused('BUSY', 'Another journey is being read; there is one at a time.', journeyRetryMs),
  slow: () => refused('TIMEOUT', 'The journal is too long to be read here; on the command line sluice user journey takes its time.'),
  unreadable: () => refused('UNAVAILABLE', 'The journal cannot be read now; the log says why.'),
}
