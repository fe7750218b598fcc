import SearchableMap from 'minisearch/SearchableMap'
import type { DocumentChange, SearchFound } from '../../cluster/search-index.ts'
import { hashText } from '../../protocol/hash.ts'
import { categoriesToldMax, type SearchDocument, type SearchQuestion } from '../../protocol/search.ts'
import { BestOf } from './best-of.ts'
import { type Filter, ProductColumns } from './product-columns.ts'
import { askedWords, wordsOf } from './search-words.ts'

/** What a word counts by where it stands; together less than 2^4, for they share 32 bits with the number. */
const fieldWeights = { title: 8, categories: 4, description: 1 } as const
const weightBits = 4
const weightMask = 2 ** weightBits - 1
/** What a word that was asked for counts where it is the beginning of another one, or has one letter or two that are wrong. */
const prefixFactor = 0.6
const typoFactors = [1, 0.4, 0.15]
/** Words of so many letters may have one that is wrong, and two. */
const oneTypoFrom = 4
const twoTyposFrom = 8
/** Occurrences that one question looks at: beyond them it is answered by what was found so far, for everybody waits for it. */
const occurrencesMax = 500_000

/**
 * An index of products in memory. The words are a radix tree of MiniSearch, which finds the words with a beginning or with typing errors; each has the
 * numbers of the products in which it stands, packed with its weight there. MiniSearch's own search makes an object for every product that has a word: of a
 * word in most of 100,000 products that takes a quarter of a second, this takes milliseconds (`npm run bench:search`).
 *
 * Products are numbered in the order in which they come. One whose words change gets a new number, and its old one stays behind until the next rebuild.
 */
export class ProductIndex {
  private readonly words = new Map<string, number[]>()
  /** The same lists; a walk through the tree for every word of every product would take most of a rebuild. */
  private readonly tree = new SearchableMap<number[]>()
  private readonly numbers = new Map<string, number>()
  private readonly entries: (Entry | undefined)[] = []
  private readonly columns = new ProductColumns()
  private readonly onSale = new Set<number>()
  private readonly categories = new Map<string, number>()
  private readonly categoryNames: string[] = []
  /** By number; what is left of the last question is 0. */
  private scores = new Float32Array(1_024)
  private found = new Uint8Array(1_024)
  private touched = new Uint32Array(1_024)

  get size(): number {
    return this.numbers.size
  }

  /** Numbers of what is no more, which only a rebuild frees. */
  get worn(): number {
    return this.entries.length - this.numbers.size
  }

  apply(changes: readonly DocumentChange[]): void {
    for (const { product, document } of changes) {
      if (document === undefined) this.remove(product)
      else this.put(document)
    }
  }

  search(question: SearchQuestion): SearchFound {
    const words = askedWords(question.text)
    const counts = new Uint32Array(this.categoryNames.length)
    const category = question.category === undefined ? undefined : (this.categories.get(question.category) ?? -1)
    const takes = this.columns.filter(question, category, counts)
    const best = words.length === 0 ? this.browse(question, takes) : this.match(words, question, takes)
    return {
      total: best.total,
      products: best.numbers.slice(question.skip).map((number) => this.entries[number]?.product ?? ''),
      categories: this.largest(counts),
    }
  }

  private put(document: SearchDocument): void {
    const { product, priceMinor, state, sales } = document
    const text = `${document.title}\n${document.description}\n${document.categories.join('\n')}`
    const textHash = hashText(text)
    const number = this.numbers.get(product)
    const known = number === undefined ? undefined : this.entries[number]
    if (number !== undefined && known?.textHash === textHash && known.textLength === text.length) {
      this.columns.set(number, state, priceMinor, sales)
      this.show(number, state)
      return
    }
    this.remove(product)
    const added = this.columns.add(document.categories.map((name) => this.categoryOf(name)))
    this.columns.set(added, state, priceMinor, sales)
    this.entries[added] = { product, textHash, textLength: text.length }
    this.numbers.set(product, added)
    this.show(added, state)
    for (const [word, weight] of weightsOf(document)) {
      const occurrence = (added << weightBits) | weight
      const occurrences = this.words.get(word)
      if (occurrences === undefined) this.learn(word, [occurrence])
      else occurrences.push(occurrence)
    }
    if (this.entries.length > this.scores.length) {
      this.scores = new Float32Array(this.scores.length * 2)
      this.found = new Uint8Array(this.scores.length)
      this.touched = new Uint32Array(this.scores.length)
    }
  }

  private learn(word: string, occurrences: number[]): void {
    this.words.set(word, occurrences)
    this.tree.set(word, occurrences)
  }

  private remove(product: string): void {
    const number = this.numbers.get(product)
    if (number === undefined) return
    this.numbers.delete(product)
    this.onSale.delete(number)
    this.columns.remove(number)
    this.entries[number] = undefined
  }

  private show(number: number, state: SearchDocument['state']): void {
    if (state === 'none') this.onSale.delete(number)
    else this.onSale.add(number)
  }

  private browse({ skip, limit }: SearchQuestion, takes: Filter): Best {
    const numbers: number[] = []
    let total = 0
    const look = (number: number): void => {
      if (!takes(number)) return
      total++
      if (numbers.length < skip + limit) numbers.push(number)
    }
    for (const number of this.onSale) look(number)
    for (let number = 0; number < this.columns.size; number++) if (this.columns.has(number) && !this.onSale.has(number)) look(number)
    return { total, numbers }
  }

  /** Every word has to be found in a product; what is found of the words adds up. */
  private match(words: readonly string[], { skip, limit }: SearchQuestion, takes: Filter): Best {
    const { scores, found, touched, entries } = this
    let touchedCount = 0
    let left = occurrencesMax
    for (const [at, word] of words.entries()) {
      for (const [occurrences, factor] of this.variantsOf(word)) {
        if (left <= 0) break
        left -= occurrences.length
        touchedCount = this.addUp(at, occurrences, factor * Math.log(1 + entries.length / occurrences.length), touchedCount)
      }
    }
    const best = new BestOf(skip + limit)
    let total = 0
    for (let i = 0; i < touchedCount; i++) {
      const number = touched[i] as number
      if (found[number] === words.length && takes(number)) {
        total++
        best.offer(number, scores[number] as number)
      }
      scores[number] = 0
      found[number] = 0
    }
    return { total, numbers: best.ranked() }
  }

  /** Takes in where one word stands, the `at`th of those that were asked for; returns how many products have the first of them so far. */
  private addUp(at: number, occurrences: readonly number[], gain: number, touchedBefore: number): number {
    const { scores, found, touched } = this
    let touchedCount = touchedBefore
    for (const occurrence of occurrences) {
      const number = occurrence >>> weightBits
      if (found[number] === at) {
        found[number] = at + 1
        if (at === 0) touched[touchedCount++] = number
      }
      if (found[number] === at + 1) scores[number] = (scores[number] as number) + gain * (occurrence & weightMask)
    }
    return touchedCount
  }

  /** The words of the index that may be meant, the surest first. Typing errors are only looked for where there is no other. */
  private variantsOf(word: string): readonly (readonly [occurrences: readonly number[], factor: number])[] {
    const exact = this.words.get(word)
    const variants: (readonly [readonly number[], number])[] = exact === undefined ? [] : [[exact, 1]]
    for (const [other, occurrences] of this.tree.atPrefix(word)) if (other !== word) variants.push([occurrences, prefixFactor])
    if (variants.length > 0 || word.length < oneTypoFrom) return variants
    const alike = [...this.tree.fuzzyGet(word, word.length < twoTyposFrom ? 1 : 2).values()]
    return alike.sort(([, a], [, b]) => a - b).map(([occurrences, distance]) => [occurrences, typoFactors[distance] ?? 0])
  }

  private largest(counts: Uint32Array): SearchFound['categories'] {
    const best = new BestOf(categoriesToldMax)
    for (const [category, count] of counts.entries()) if (count > 0) best.offer(category, count)
    return best.ranked().map((category) => ({ name: this.categoryNames[category] ?? '', count: counts[category] as number }))
  }

  private categoryOf(name: string): number {
    const known = this.categories.get(name)
    if (known !== undefined) return known
    const added = this.categoryNames.push(name) - 1
    this.categories.set(name, added)
    return added
  }
}

interface Best {
  readonly total: number
  readonly numbers: readonly number[]
}

interface Entry {
  readonly product: string
  readonly textHash: number
  readonly textLength: number
}

function weightsOf({ title, description, categories }: SearchDocument): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  const add = (text: string, weight: number): void => {
    for (const word of new Set(wordsOf(text))) weights.set(word, (weights.get(word) ?? 0) + weight)
  }
  add(title, fieldWeights.title)
  add(categories.join(' '), fieldWeights.categories)
  add(description, fieldWeights.description)
  return weights
}
