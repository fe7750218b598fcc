import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { wholeNumber } from '../whole-number.ts'

const schema = z.object({ runs: z.int(), pairs: z.int(), window: z.number(), scrapeEvery: z.number(), json: z.boolean().default(false) })

export interface CostOptions {
  /** Nodes that are started, one after the other. */
  readonly runs: number
  /** Of windows on each of them. */
  readonly pairs: number
  readonly windowSeconds: number
  readonly scrapeEverySeconds: number
  readonly json: boolean
}

/** The command line of `bench:metrics`. Parsing it ends with commander's `CommanderError`: help was asked for, or a value is none. */
export function costCommand(): Command {
  return new Command('bench:metrics')
    .description(
      'Says what it costs to be scraped: puts buys on an embedded node by msgpack-RPC (32 connections x 64 calls, fsync before every answer) in pairs of ' +
        'windows, one in which its metrics are read and one in which they are not, first the one and then the other, and tells by how much the first is slower, with a bound that holds ' +
        'in 95 of 100 cases. What is always counted, scraped or not, is in both.',
    )
    .option('--runs <count>', 'nodes that are started one after the other', wholeNumber(1, 1_000), 12)
    .option('--pairs <count>', 'pairs of windows on each; a node holds a few tens of millions of users', wholeNumber(1, 20), 4)
    .option('--window <s>', 'length of a window', seconds(0.2, 10), 1)
    .option('--scrape-every <s>', 'time between two scrapes; what is shipped has 5', seconds(0.05, 10), 1)
    .option('--json', 'print one JSON object as the last line')
    .exitOverride()
}

export function costOptionsOf(command: Command): CostOptions {
  const { window, scrapeEvery, ...options } = schema.parse(command.opts())
  return { ...options, windowSeconds: window, scrapeEverySeconds: scrapeEvery }
}

function seconds(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = text === '' ? NaN : Number(text)
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a number of seconds from ${least} to ${most}.`)
  }
}
