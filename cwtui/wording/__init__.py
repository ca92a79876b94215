"""Which words facts are said in, for every shell alike; what to type or to press is each shell's own."""
