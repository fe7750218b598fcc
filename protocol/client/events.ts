import type { EventName, Events, OwnedClaim } from '../results.ts'
import type { Cancel, ClientWorld } from './client-world.ts'
import type { ClientState } from './connection-keeper.ts'

/** What a client tells: the server's events, and its own. */
export interface ClientEvents extends Events {
  /** After every connect of a user's client: all that the user has. Whoever shows claims takes these in place of older ones. */
  readonly resumed: { readonly claims: readonly OwnedClaim[] }
  readonly state: ClientState
  /** Something went wrong that no call of the user's is there to hear of, for logs: an event that cannot be read, a watch that was refused. */
  readonly fault: Error
}

export type ClientEventName = keyof ClientEvents

type Handler<N extends ClientEventName> = (event: ClientEvents[N]) => void
type Handlers = { readonly [N in ClientEventName]: Set<Handler<N>> }

/** Hands events to whoever asked for them. */
export class EventHub {
  private readonly world: ClientWorld
  private readonly handlers: Handlers = {
    line: new Set(),
    held: new Set(),
    expired: new Set(),
    order: new Set(),
    sku: new Set(),
    sale: new Set(),
    soldout: new Set(),
    left: new Set(),
    drain: new Set(),
    resumed: new Set(),
    state: new Set(),
    fault: new Set(),
  }

  constructor(world: ClientWorld) {
    this.world = world
  }

  /** Calls `handler` for each event from now on; the result ends that. */
  on<N extends ClientEventName>(name: N, handler: (event: ClientEvents[N]) => void): Cancel {
    // A function of its own, so that the same handler may be added twice and each is ended alone.
    const own: Handler<N> = (event) => handler(event)
    this.handlers[name].add(own)
    return () => {
      this.handlers[name].delete(own)
    }
  }

  emit<N extends ClientEventName>(name: N, event: ClientEvents[N]): void {
    for (const handler of Array.from(this.handlers[name])) {
      try {
        handler(event)
      } catch (error) {
        // It is the user's mistake, so it surfaces as an uncaught error of its own task, as with DOM events, and leaves the client whole.
        this.world.after(0, () => {
          throw error
        })
      }
    }
  }
}

/** The server's own events; a newer server may send others, which this client does not know. */
export function isServerEvent(name: string): name is EventName {
  return serverEvents.has(name)
}

const serverEventTable: Readonly<Record<EventName, true>> = {
  line: true,
  held: true,
  expired: true,
  order: true,
  sku: true,
  sale: true,
  soldout: true,
  left: true,
  drain: true,
}
const serverEvents: ReadonlySet<string> = new Set(Object.keys(serverEventTable))
