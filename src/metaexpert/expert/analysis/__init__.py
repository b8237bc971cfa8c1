"""The figures of a result: pure functions of a run's daily equity and of its closed trades."""
