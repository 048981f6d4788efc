import type { CertificateDeclaration, Certificates } from "../part/mod.ts";
import type { DesiredListener } from "./listener.ts";

/** The certificates that a listener takes from the store. */
export interface CertificateNeeds {
  /** For log lines. Listeners of one owner have the same names, and share one declaration. */
  readonly owner: string;
  readonly names: readonly string[];
}

/** What the listeners of one configuration have declared. */
export class DeclaredCertificates {
  readonly #declarations = new Map<string, CertificateDeclaration>();

  /**
   * Declares the names of listeners, and resolves when their certificates can be served.
   *
   * @param changed has the listeners of an owner serve its current certificates
   * @throws {TenkError} the first that cannot be declared; then none is
   */
  static async of(
    desired: readonly DesiredListener[],
    certificates: Certificates | undefined,
    changed: (owner: string) => Promise<void>,
  ): Promise<DeclaredCertificates> {
    const declared = new DeclaredCertificates();
    try {
      for (const { certificates: needs } of desired) {
        if (needs === undefined || declared.#declarations.has(needs.owner)) continue;
        // Without a certificate it would serve in the clear.
        if (certificates === undefined) throw new Error(`${needs.owner} needs a store of certificates, and has none`);
        const { owner, names } = needs;
        const declaration = await certificates.declare(names, { owner, changed: () => changed(owner) });
        declared.#declarations.set(owner, declaration);
      }
      return declared;
    } catch (error) {
      declared.close();
      throw error;
    }
  }

  /** Returns the certificates of a listener as they are now; undefined where it takes none from the store. */
  tlsOf({ certificates }: DesiredListener): CertificateDeclaration["tls"] | undefined {
    return certificates && this.#declarations.get(certificates.owner)?.tls;
  }

  close(): void {
    for (const declaration of this.#declarations.values()) declaration.close();
  }
}
