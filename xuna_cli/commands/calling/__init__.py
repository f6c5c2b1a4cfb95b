"""How a run is put together: the list, the rules, the question, the rehearsal and the result."""
