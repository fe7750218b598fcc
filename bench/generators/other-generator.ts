/** What a generator is to send: `POST /v1/call/buy` to a node. */
export interface OtherLoad {
  /** For files that it needs. */
  readonly folder: string
  readonly url: string
  readonly userHeader: string
  /** With `#` where the number of the call goes. */
  readonly body: string
  /** Users of this run begin with it. */
  readonly run: string
  readonly connections: number
  readonly seconds: number
}

/** A program that others wrote to put load on a web server. */
export interface OtherGenerator {
  readonly name: string
  readonly program: string
  /** Debian's. */
  readonly package: string
  /** It can only send one request again and again, in HTTP/1.0. */
  readonly isOld: boolean
  wordsFor(load: OtherLoad): readonly string[]
  /** Answers a second, from what it printed. Throws a BenchFault if not all were successes. */
  readCount(output: string): number
}
