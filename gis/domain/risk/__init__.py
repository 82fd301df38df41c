"""How risk is computed: sources, receptors, pairs, loads, index, explanation."""
