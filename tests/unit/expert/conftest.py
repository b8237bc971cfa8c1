"""Being here makes `expert_harness` importable for the tests of every folder below."""
