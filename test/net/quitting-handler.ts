/** A module that ends its worker before it can listen. */
process.exit(0);
