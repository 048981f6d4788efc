export type Defined<Options> = { [Key in keyof Options]: Exclude<Options[Key], undefined> };

/** Returns a copy without the fields that are undefined: spread over defaults, they would override them. */
export function withoutUndefined<Options extends object>(options: Options): Partial<Defined<Options>> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<
    Defined<Options>
  >;
}
