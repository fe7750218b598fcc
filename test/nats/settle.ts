import type { NatsBus } from '../../cluster/nats-bus.ts'

/**
 * Resolves when what was sent has arrived, and what was sent on that account too. The server answers a ping after all that it got from and has for a
 * connection, so one round takes every frame one step: to the server, to its receiver, and again for a frame that a handler sent.
 */
export async function settle(buses: readonly NatsBus[]): Promise<void> {
  for (let round = 0; round < 4; round++) await Promise.all(buses.map((bus) => bus.flushed(20_000)))
}
