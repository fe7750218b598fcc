import type { ZodError } from 'zod'

/** What is wrong with a sale, one line each, for example `skus[0].stock: must be ...`. */
export function saleProblems(error: ZodError): readonly string[] {
  return error.issues.map((issue) => {
    const path = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
    return `${path.replace(/^\./, '') || 'the sale'}: ${issue.message}`
  })
}
