"""Training data of the trained planner: phrases in, rows of prompt and plan out.

| module | holds |
| --- | --- |
| ``phrases`` | reading ``phrases/*.yaml`` and ``slots/*.yaml``; brackets, slots, drawing |
| ``sentences`` | drawing from the skills' own ``sentences.yaml`` |
| ``corpora`` | public corpora, mapped to our plans |
| ``plans`` | one canonical form of every plan; what it names must have been said |
| ``sources`` | phrases, sentences and corpora as templates with a split each |
| ``compose`` | several wishes in a sentence, corrections, negations |
| ``registers`` | politeness, address, rambling, hesitation, a recogniser's errors |
| ``refusal`` | sentences of evaluation, which no row may hold |
| ``check`` | faults of the phrase files, and where the template planner disagrees |
| ``generate`` | the command: balance, splits, files, report |
| ``show`` | the template planner's plan of sentences on stdin |
| ``transformer``, ``train`` | fine-tuning a GGUF model; need none of the others |
| ``paraphrase`` | more wordings by a larger local model, with a round trip |
| ``parity`` | whether llama.cpp says what was trained |
"""
