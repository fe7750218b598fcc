/**
 * Every answer that is not a result carries one of these codes. `status` is the HTTP status of the same answer;
 * `retry` says what a caller may do: `never` (the answer will not change by itself), `later` (the same call, after `retryAfterMs`),
 * `unknown` (the outcome is not known: repeat with the same request id to learn it).
 */
export interface CodeEntry {
  readonly number: number
  readonly status: number
  readonly retry: 'never' | 'later' | 'unknown'
  readonly text: string
}

export const codeTable = {
  SOLD_OUT: { number: 1, status: 409, retry: 'never', text: 'Fewer units are left, or can still come free, than were asked for.' },
  LIMIT_REACHED: { number: 2, status: 409, retry: 'never', text: 'You already have as many as one person may buy.' },
  NOT_OPEN: { number: 3, status: 409, retry: 'later', text: 'The sale is not open yet.' },
  PAUSED: { number: 4, status: 409, retry: 'later', text: 'The sale is paused; places and holds are kept.' },
  CLOSED: { number: 5, status: 409, retry: 'never', text: 'The sale is closed.' },
  NO_HOLD: { number: 6, status: 409, retry: 'never', text: 'There is no hold to check out.' },
  HOLD_EXPIRED: { number: 7, status: 409, retry: 'never', text: 'The hold ended before it was checked out.' },
  LINE_FULL: { number: 8, status: 503, retry: 'later', text: 'The line takes no more people for now.' },
  CHALLENGE_REQUIRED: { number: 9, status: 403, retry: 'later', text: 'A proof of work has to come with this call.' },
  PAYMENT_DECLINED: { number: 10, status: 402, retry: 'never', text: 'The payment was declined; the units went to the next in line.' },
  UNKNOWN_SKU: { number: 11, status: 404, retry: 'never', text: 'There is no such SKU.' },
  UNKNOWN_SALE: { number: 12, status: 404, retry: 'never', text: 'There is no such sale.' },
  UNKNOWN_ORDER: { number: 13, status: 404, retry: 'never', text: 'There is no such order of yours.' },
  UNKNOWN_METHOD: { number: 14, status: 404, retry: 'never', text: 'There is no such method.' },
  MALFORMED: { number: 15, status: 400, retry: 'never', text: 'The message is not what the protocol says.' },
  TOO_LARGE: { number: 16, status: 413, retry: 'never', text: 'The message is larger than the limit.' },
  UNAUTHORIZED: { number: 17, status: 401, retry: 'never', text: 'Say who you are first: the token or key is missing, wrong or expired.' },
  FORBIDDEN: { number: 18, status: 403, retry: 'never', text: 'Your role may not do this.' },
  RATE_LIMITED: { number: 19, status: 429, retry: 'later', text: 'Too many calls; wait before the next one.' },
  BUSY: { number: 20, status: 503, retry: 'later', text: 'A limit is full; nothing was done.' },
  TIMEOUT: { number: 21, status: 504, retry: 'unknown', text: 'No answer in time; repeat with the same request id to learn the outcome.' },
  UNAVAILABLE: { number: 22, status: 503, retry: 'unknown', text: 'A part of the system is away; repeat with the same request id.' },
  NOT_REFUNDABLE: { number: 23, status: 409, retry: 'never', text: 'Not so much of the order was paid and is left to give back.' },
  UNKNOWN_PRODUCT: { number: 24, status: 404, retry: 'never', text: 'There is no such product.' },
  USER_ACTIVE: {
    number: 25,
    status: 409,
    retry: 'never',
    text: 'Something of the user is still under way: end it first, or wait for its end.',
  },
} as const satisfies Record<string, CodeEntry>

export type Code = keyof typeof codeTable

export const codes = Object.keys(codeTable) as readonly Code[]

const byNumber: readonly (Code | undefined)[] = codes.reduce<(Code | undefined)[]>((table, code) => {
  table[codeTable[code].number] = code
  return table
}, [])

/** The code with this number; inside a frame codes travel as one byte. */
export function codeOfNumber(number: number): Code | undefined {
  return byNumber[number]
}

export function isCode(text: unknown): text is Code {
  return typeof text === 'string' && Object.hasOwn(codeTable, text)
}

/** The error part of an answer, as every transport carries it. */
export interface Refusal {
  readonly code: Code
  readonly message: string
  readonly retryAfterMs?: number
}

/** A refusal with the table's text, or with `message` where there is more to say. */
export function refusal(code: Code, message: string = codeTable[code].text, retryAfterMs?: number): Refusal {
  return retryAfterMs === undefined ? { code, message } : { code, message, retryAfterMs }
}
