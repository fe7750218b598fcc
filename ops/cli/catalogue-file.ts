import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { checkProduct, type Product, productsPerCallMax } from '../../protocol/product.ts'
import { CommandFault } from './command-fault.ts'
import { reasonOf } from './json-file.ts'
import { jsonFaultAt } from './json-position.ts'
import type { Terminal } from './terminal.ts'

/** Of what goes into one call, which has to fit into an RPC message of 64 KiB. */
const callBytesMax = 48 * 1024
const faultsMax = 20

/** Products from a file of JSON lines, one product a line; `-` is standard input. */
export class CatalogueFile {
  private readonly path: string
  private readonly name: string
  private readonly terminal: Terminal
  private input: string | undefined

  constructor(path: string, terminal: Terminal) {
    this.path = path
    this.name = path === '-' ? 'standard input' : path
    this.terminal = terminal
  }

  /** Reads all of it, and returns how many products it has. Throws a {@link CommandFault} with a line for each of the first faults. */
  async check(): Promise<number> {
    const faults: string[] = []
    const lineOf = new Map<string, number>()
    for await (const { text, line } of this.lines()) {
      const checked = this.read(text, line)
      if (typeof checked === 'object' && 'product' in checked) {
        const before = lineOf.get(checked.product)
        if (before === undefined) lineOf.set(checked.product, line)
        else faults.push(`${this.name}:${line}: product: ${checked.product} stands in line ${before} already`)
      } else faults.push(...checked)
      if (faults.length >= faultsMax) throw new CommandFault(...faults.slice(0, faultsMax), `${this.name}: and perhaps more`)
    }
    if (faults.length > 0) throw new CommandFault(...faults)
    if (lineOf.size === 0) throw new CommandFault(`${this.name}: has no products`)
    return lineOf.size
  }

  /** The products of a checked file, as many at a time as go into one call. */
  async *calls(): AsyncGenerator<readonly Product[]> {
    let products: Product[] = []
    let bytes = 0
    for await (const { text, line } of this.lines()) {
      const product = this.read(text, line)
      if (!('product' in product)) throw new CommandFault(`${this.name}: has changed while it was read`)
      const size = Buffer.byteLength(text)
      if (products.length === productsPerCallMax || (products.length > 0 && bytes + size > callBytesMax)) {
        yield products
        products = []
        bytes = 0
      }
      products.push(product)
      bytes += size
    }
    if (products.length > 0) yield products
  }

  private read(text: string, line: number): Product | readonly string[] {
    const place = `${this.name}:${line}`
    const fault = jsonFaultAt(text)
    if (fault !== undefined) return [`${place}: not JSON at column ${fault.column}`]
    const checked = checkProduct(JSON.parse(text))
    return checked.kind === 'value' ? checked.value : checked.problems.map((problem) => `${place}: ${problem}`)
  }

  private async *lines(): AsyncGenerator<{ readonly text: string; readonly line: number }> {
    let line = 0
    try {
      for await (const text of this.path === '-' ? await this.inputLines() : await this.fileLines()) {
        line++
        if (text.trim() !== '') yield { text, line }
      }
    } catch (error) {
      if (error instanceof CommandFault) throw error
      throw new CommandFault(`${this.name}: ${reasonOf(error)}`)
    }
  }

  private async fileLines(): Promise<AsyncIterable<string>> {
    return (await open(resolve(this.terminal.workingFolder, this.path))).readLines()
  }

  private async inputLines(): Promise<readonly string[]> {
    this.input ??= await this.terminal.readInput()
    return this.input.split('\n')
  }
}
